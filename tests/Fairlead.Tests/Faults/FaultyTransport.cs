using System.Collections.Concurrent;
using Fairlead.Conformance.Faults;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Tests.Faults;

/// <summary>A transport whose connections throw at one call, or pause, on the side that has a plan.</summary>
internal sealed class FaultyTransport(ITransport inner, FaultPlan? bound, FaultPlan? connecting) : ITransport
{
    private static readonly ConcurrentDictionary<string, (FaultPlan? Bound, FaultPlan? Connecting)> Plans = new(StringComparer.Ordinal);

    static FaultyTransport() =>
        BuiltInTransports.Interposed = static (address, transport) =>
            Plans.TryGetValue(KeyOf(address), out (FaultPlan? Bound, FaultPlan? Connecting) plans)
                ? new FaultyTransport(transport, plans.Bound, plans.Connecting)
                : transport;

    public string Scheme => inner.Scheme;

    public IReadOnlyList<string> Options => inner.Options;

    public IReadOnlyList<string> PlaceOptions => inner.PlaceOptions;

    public TimeSpan LeastHandshakeTime => inner.LeastHandshakeTime;

    public string? Remedy => inner.Remedy;

    /// <summary>Makes the connections of this place fail as planned.</summary>
    public static void Spoil(Address place, FaultPlan? bound, FaultPlan? connecting) => Plans[KeyOf(place)] = (bound, connecting);

    /// <summary>Ends the faults.</summary>
    public static void Mend(Address place) => Plans.TryRemove(KeyOf(place), out _);

    public TransportCapabilities CapabilitiesOf(Address address) => inner.CapabilitiesOf(address);

    public int LongestPiece(Address address) => inner.LongestPiece(address);

    public IListener Bind(Address address, EndpointSettings settings)
    {
        IListener listener = inner.Bind(address, settings);
        return bound is null ? listener : new FaultyListener(listener, bound);
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        Connection connection = await inner.ConnectAsync(address, settings, cancellationToken);
        return connecting is null ? connection : new FaultyConnection(connection, connecting);
    }

    public Broadcast? CreateBroadcast(EndpointSettings settings, EndpointCounters counters) =>
        inner.CreateBroadcast(settings, counters);

    private static string KeyOf(Address address) => address.ToString().Split('?')[0];

    private sealed class FaultyListener(IListener inner, FaultPlan plan) : IListener
    {
        public Address Address => inner.Address;

        public FileIdentity File => inner.File;

        public bool YieldsOne => inner.YieldsOne;

        public bool CarriesMessages => inner.CarriesMessages;

        public Descriptor WaitDescriptor => inner.WaitDescriptor;

        public Connection? TryAccept()
        {
            plan.Step();
            plan.BeforeAccept?.Invoke();
            return inner.TryAccept() is { } connection ? new FaultyConnection(connection, plan) : null;
        }

        public int TakeDropped() => inner.TakeDropped();

        public void Dispose()
        {
            inner.Dispose();
            plan.Step();
        }
    }

    /// <summary>Throws before a call does anything. A call that releases something has released it when it throws.</summary>
    private sealed class FaultyConnection(Connection inner, FaultPlan plan) : Connection
    {
        public override TransportCapabilities Capabilities => inner.Capabilities;

        public override Peer Peer => inner.Peer;

        public override Descriptor WaitDescriptor => inner.WaitDescriptor;

        public override Descriptor? OutputDescriptor => inner.OutputDescriptor;

        public override Descriptor? AbortDescriptor => inner.AbortDescriptor;

        public override int Unflushed => inner.Unflushed;

        public override int LongThreshold => inner.LongThreshold;

        public override bool HasLong => inner.HasLong;

        public override int LongRest => inner.LongRest;

        public override bool HasPart => inner.HasPart;

        public override SleepAnnouncer? Sleep => inner.Sleep;

        public override MemoryChannel? Memory => inner.Memory;

        public override HandlePassing? Handles => inner.Handles;

        public override OutputRoom? Room => inner.Room;

        public override ConsumptionSink? Consumption => inner.Consumption;

        public override void TrustLengths()
        {
            plan.Step();
            inner.TrustLengths();
        }

        public override void Check(ReadOnlySpan<byte> body)
        {
            plan.Step();
            inner.Check(body);
        }

        public override Span<byte> Reserve(int bodyLength)
        {
            plan.Step();
            plan.BeforeReserve?.Invoke();
            return inner.Reserve(bodyLength);
        }

        public override void Commit(in MessageHeader header)
        {
            plan.Step();
            inner.Commit(header);
        }

        public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload)
        {
            plan.Step();
            inner.BeginLong(header, head, payload);
        }

        public override void DetachLong()
        {
            plan.Step();
            inner.DetachLong();
        }

        public override FlushResult Flush()
        {
            plan.Step();
            int before = plan.Calls;
            FlushResult result = inner.Flush();
            if (result == FlushResult.Blocked)
            {
                plan.WhenBlocked?.Invoke(before);
            }

            return result;
        }

        public override FillResult Fill()
        {
            plan.Step();
            inner.ReceiveLimit = ReceiveLimit;
            return inner.Fill();
        }

        public override bool TryTake(out Incoming message)
        {
            plan.Step();
            return inner.TryTake(out message);
        }

        public override void OnReady(PollEvents events)
        {
            plan.Step();
            inner.OnReady(events);
        }

        public override int TakeDropped(out long skipped)
        {
            plan.Step();
            return inner.TakeDropped(out skipped);
        }

        public override void EndSending()
        {
            plan.Step();
            inner.EndSending();
        }

        public override void Abort()
        {
            inner.Abort();
            plan.Step();
        }

        public override void Dispose()
        {
            inner.Dispose();
            plan.Step();
        }
    }
}
