using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>The core of every pattern: builds an endpoint from its parts, and keeps the order in which links and endpoint end.</summary>
/// <remarks>
/// Owns its parts, each with few fields, and, under the pump's gate, its address and the number of links that are up. Patterns create and
/// close it. Links and the pump report events that concern several parts. An event of one part goes directly to that part.
/// </remarks>
internal sealed partial class EndpointCore : IPumpOwner, IDisposable
{
    private const ulong ListenerToken = Pump.FirstToken;

    private readonly EndpointEntry _entry;
    private readonly Acceptor _acceptor;
    private Address _address;
    private long _skippedBytes;

    private EndpointCore(
        Address address,
        Address[] addresses,
        EndpointSettings settings,
        PatternProfile profile,
        ILinkOwner owner,
        EndpointEntry entry,
        IListener? listener)
    {
        bool isBound = listener is not null;
        Life = new EndpointLife(owner);
        Completion = new CompletionSource(this);
        Pump = new Pump(this, settings, Life);
        Table = new LinkTable(Pump);
        _acceptor = new Acceptor(this, Pump.PollSet, ListenerToken, listener, entry);
        Housekeeping = new Housekeeping(this, _acceptor);
        EndsWithPeer = listener is null or { YieldsOne: true };
        _address = address;
        Settings = settings;
        IsBound = isBound;
        Profile = profile;
        Owner = owner;
        _entry = entry;
        Counters = entry.Counters;
        MeterTags = settings.IsInner ? [] : EndpointMeter.Add(entry.Counters, address, profile.Kind);
        Placement = new Placement(this);
        FastPath = new FastPath(this);
        Watches = new Watches(this);
        Receivers = new Receivers(this);
        Broadcasts = new BroadcastHolder(this);
        FanOut = new FanOutBatch(this);
        Admission = new Admission(this, owner, isBound ? profile.MostPeers : 1);
        Drops = new DropReport(Counters, settings.Time, () => Address, profile.Name);
        Presence = new PeerPresence(this, addresses);
        Policy = settings.Full ?? profile.Policy;
    }

    /// <summary>The bound or connected address; with several addresses, the last one that was connected or tried.</summary>
    public Address Address => Volatile.Read(ref _address);

    public EndpointSettings Settings { get; }

    public PatternProfile Profile { get; }

    /// <summary>The pattern, which is notified about links.</summary>
    public ILinkOwner Owner { get; }

    /// <summary>The capabilities of the transport at this address.</summary>
    public TransportCapabilities Capabilities => CapabilitiesOf(BuiltInTransports.Find(Address), Address, Settings);

    public bool IsBound { get; }

    /// <summary>Whether it ends with its peer: it has connected, or is bound where no other peer can come.</summary>
    public bool EndsWithPeer { get; }

    /// <summary>The tags of its measurements.</summary>
    public KeyValuePair<string, object?>[] MeterTags { get; }

    /// <summary>The overflow policy, unless the peer has asked for another one.</summary>
    public OverflowPolicy Policy { get; }

    public EndpointCounters Counters { get; }

    /// <summary>The bytes that belonged to no message and were skipped.</summary>
    public long SkippedBytes => Interlocked.Read(ref _skippedBytes);

    /// <summary>Counts skipped bytes. Any thread.</summary>
    public void CountSkippedBytes(long bytes)
    {
        if (bytes > 0)
        {
            Interlocked.Add(ref _skippedBytes, bytes);
        }
    }

    /// <summary>The current phase, and the end.</summary>
    public EndpointLife Life { get; }

    /// <summary>Tells callers how the endpoint ended.</summary>
    public CompletionSource Completion { get; }

    /// <summary>Whether nothing new may be sent or received.</summary>
    public bool IsClosing => Life.IsClosing;

    /// <summary>The role of the thread that reads and handles incoming data.</summary>
    public Pump Pump { get; }

    /// <summary>The links.</summary>
    public LinkTable Table { get; }

    /// <summary>Which peers it accepts.</summary>
    public Admission Admission { get; }

    /// <summary>The received messages, and the callers that wait for messages.</summary>
    public Receivers Receivers { get; }

    /// <summary>The wait sets that it is attached to.</summary>
    public Watches Watches { get; }

    /// <summary>Sends to a peer that shares memory without a pump iteration.</summary>
    public FastPath FastPath { get; }

    /// <summary>Whether the pattern or a wait set must learn of each acknowledgement.</summary>
    public bool HearsOfCredit => Profile.Kind == PatternKind.WorkQueue || Watches.Any;

    /// <summary>Chooses the link for each message, and holds messages that wait for a link.</summary>
    public Placement Placement { get; }

    /// <summary>Whether its peer is lost, sought, or permanently gone.</summary>
    public PeerPresence Presence { get; }

    /// <summary>Serves the peers while no user call runs.</summary>
    public Housekeeping Housekeeping { get; }

    /// <summary>Counts dropped messages.</summary>
    public DropReport Drops { get; }

    /// <summary>Writes messages for many peers once, if the transport supports it.</summary>
    public BroadcastHolder Broadcasts { get; }

    /// <summary>Writes messages for many peers in batches, where each peer gets a copy.</summary>
    public FanOutBatch FanOut { get; }

    /// <summary>The current links, without a copy. Must not be changed.</summary>
    public Link[] LinkSnapshot => Table.All;

    /// <summary>Returns a copy of the links that are up or have unread messages.</summary>
    public Link[] Links()
    {
        using (Gate.Hold())
        {
            return [.. Table.All];
        }
    }

    /// <summary>Binds. Returns immediately; a waiting caller or the reactor serves the peers.</summary>
    public static EndpointCore Bind(Address address, EndpointOptions? options, PatternProfile profile, ILinkOwner owner)
    {
        Platform.Require();
        ITransport transport = BuiltInTransports.Find(address);
        EndpointSettings settings = EndpointSettings.From(address, options, profile.Kind, transport);
        profile.Check(address, CapabilitiesOf(transport, address, settings), settings.IsForeign, transport.Remedy);
        profile.CheckPolicy(address, settings.Full);
        return Serve(transport.Bind(address, settings), settings, profile, owner);
    }

    /// <summary>Serves a listener. Also called for the inner end of a bridge, to which the user's end connects.</summary>
    /// <remarks>The endpoint owns the listener from now on, also if this throws.</remarks>
    public static EndpointCore Serve(IListener listener, EndpointSettings settings, PatternProfile profile, ILinkOwner owner)
    {
        EndpointEntry? entry = null;
        EndpointCore? core = null;
        try
        {
            entry = EntryOf(profile, isBound: true, listener.Address, listener.File, settings);
            listener.OnListed();
            core = new EndpointCore(listener.Address, [], settings, profile, owner, entry, listener);
            core._acceptor.Start();
            core.StartServing();
            return core;
        }
        catch
        {
            if (core is not null)
            {
                core.Dispose();
            }
            else
            {
                entry?.Dispose();
                listener.Dispose();
            }

            throw;
        }
    }

    /// <summary>Creates the entry by which other processes see the endpoint. The inner end of a bridge is part of the user's end.</summary>
    private static EndpointEntry EntryOf(
        PatternProfile profile, bool isBound, Address address, FileIdentity file, EndpointSettings settings) =>
        settings.IsInner
            ? EndpointEntry.CreateUnlisted()
            : EndpointEntry.Create(profile.Kind, isBound, address.ToString(), file, label: settings.Label);

    private ref BiasedLock Gate => ref Pump.Gate;

    /// <summary>Starts the reactor's part; a bound endpoint has the reactor wait immediately.</summary>
    private void StartServing()
    {
        Housekeeping.StartThread();
        Pump.Start();
        if (IsBound)
        {
            Pump.Request();
        }
    }

    private static TransportCapabilities CapabilitiesOf(ITransport transport, Address address, EndpointSettings settings)
    {
        TransportCapabilities capabilities = transport.CapabilitiesOf(address);
        return settings.IsBare ? capabilities & ~TransportCapabilities.Protocol : capabilities | TransportCapabilities.Protocol;
    }
}
