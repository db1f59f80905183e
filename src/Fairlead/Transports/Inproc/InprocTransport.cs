using System.Collections.Concurrent;
using Fairlead.Framing;

namespace Fairlead.Transports.Inproc;

/// <summary><c>inproc://name</c>: queues within the process, for tests and samples, with the same contract as between processes.</summary>
internal sealed class InprocTransport : ITransport
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.PeerIdentity
        | TransportCapabilities.ManyPeers;

    private readonly ConcurrentDictionary<string, InprocListener> _listeners = new();

    public string Scheme => "inproc";

    public IReadOnlyList<string> Options => [];

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        CheckFraming(address, settings);
        InprocListener listener = new(address, this);
        if (_listeners.TryAdd(address.Place, listener))
        {
            return listener;
        }

        listener.Dispose();
        throw new FairleadException(
            ErrorCode.AlreadyExists, "is held by another endpoint of this process", "Close that endpoint, or choose another name.")
        {
            Address = address,
        };
    }

    public ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        CheckFraming(address, settings);
        if (_listeners.TryGetValue(address.Place, out InprocListener? listener))
        {
            (InprocConnection near, InprocConnection far) = InprocConnection.Pair();
            if (listener.TryEnqueue(far))
            {
                return new ValueTask<Connection>(near);
            }

            near.Dispose();
            far.Dispose();
        }

        throw new FairleadException(
            ErrorCode.NotFound, "no endpoint of this process listens there", "Bind an endpoint first, or connect with ?wait=.")
        {
            Address = address,
        };
    }

    public void Remove(InprocListener listener) => _listeners.TryRemove(KeyValuePair.Create(listener.Address.Place, listener));

    private static void CheckFraming(Address address, EndpointSettings settings)
    {
        if (settings.Framing is not FairleadFraming)
        {
            throw new FairleadException(ErrorCode.NotSupported, "messages within a process have no framing", "Remove ?framing=.")
            {
                Address = address,
            };
        }
    }
}
