using Fairlead.Diagnostics;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>An endpoint as its parts know it: what does not change while it lives, its phase, its pump, and its counters.</summary>
/// <remarks>
/// Owns the address, which changes when another of several peers is connected, and the number of skipped bytes. No lock: each is one word.
/// The abstract members are what parts ask of others above them. <c>EndpointCore</c> is the only one.
/// </remarks>
internal abstract class EndpointContext
{
    private Address _address;
    private long _skippedBytes;

    /// <param name="address">The bound or connected address.</param>
    /// <param name="settings">The options.</param>
    /// <param name="profile">What the pattern requires.</param>
    /// <param name="isBound">Whether it is bound.</param>
    /// <param name="endsWithPeer">See <see cref="EndsWithPeer"/>.</param>
    /// <param name="counters">The counters, which other processes read.</param>
    /// <param name="life">The phase.</param>
    protected EndpointContext(
        Address address,
        EndpointSettings settings,
        PatternProfile profile,
        bool isBound,
        bool endsWithPeer,
        EndpointCounters counters,
        EndpointLife life)
    {
        _address = address;
        Settings = settings;
        Profile = profile;
        IsBound = isBound;
        EndsWithPeer = endsWithPeer;
        Counters = counters;
        Life = life;
        MostPeers = isBound ? profile.MostPeers : 1;
        Policy = settings.OverflowPolicy ?? profile.Policy;
        MeterTags = settings.IsInner ? [] : EndpointMeter.Add(counters, address, profile.Kind);
        DropReport = new DropReport(counters, settings.Time, () => Address, profile.Name);
    }

    /// <summary>The bound or connected address; with several addresses, the last one that was connected or tried.</summary>
    public Address Address
    {
        get => Volatile.Read(ref _address);
        protected set => Volatile.Write(ref _address, value);
    }

    public EndpointSettings Settings { get; }

    public PatternProfile Profile { get; }

    /// <summary>Whether a bridge in this process takes everything that is sent to an address.</summary>
    /// <exception cref="FairleadException">NotSupported: no transport serves its scheme.</exception>
    public static bool LeadsToBridge(Address address) => BuiltInTransports.Find(address).IsToBridge;

    /// <summary>The capabilities of the transport at this address.</summary>
    public TransportCapabilities Capabilities => CapabilitiesOf(BuiltInTransports.Find(Address), Address, Settings);

    /// <summary>Whether a bridge in this process takes everything that is sent here.</summary>
    public bool IsToBridge => LeadsToBridge(Address);

    public bool IsBound { get; }

    /// <summary>Whether it ends with its peer: it has connected, or is bound where no other peer can come.</summary>
    public bool EndsWithPeer { get; }

    /// <summary>The most peers at one time.</summary>
    public int MostPeers { get; }

    /// <summary>The overflow policy, unless the peer has asked for another one.</summary>
    public OverflowPolicy Policy { get; }

    /// <summary>The tags of its measurements.</summary>
    public KeyValuePair<string, object?>[] MeterTags { get; }

    public EndpointCounters Counters { get; }

    /// <summary>Counts dropped messages.</summary>
    public DropReport DropReport { get; }

    /// <summary>The current phase, and the end.</summary>
    public EndpointLife Life { get; }

    /// <summary>Whether nothing new may be sent or received.</summary>
    public bool IsClosing => Life.IsClosing;

    /// <summary>The role of the thread that reads and handles incoming data.</summary>
    public Pump Pump { get; protected init; } = null!;

    /// <summary>The bytes that belonged to no message and were skipped.</summary>
    public long SkippedBytes => Interlocked.Read(ref _skippedBytes);

    /// <summary>Whether a caller may wait for a peer. Any thread.</summary>
    public abstract bool AwaitsPeers { get; }

    /// <summary>Whether the peer is lost and being sought. Any thread.</summary>
    public abstract bool IsReconnecting { get; }

    /// <summary>Why the broker behind a bridge takes nothing now; otherwise null. Any thread.</summary>
    public abstract string? Hindrance { get; }

    /// <summary>Whether the pattern or a wait set must learn of each acknowledgement. Any thread.</summary>
    public abstract bool HearsOfCredit { get; }

    /// <summary>Withdraws an operation that has no link. Returns false if it has one. Any thread, with no lock held.</summary>
    public abstract bool TryWithdraw(LinkOperation operation, Exception? error);

    /// <summary>Requests a hand-out, because a link no longer holds anything back. Any thread, with any locks held.</summary>
    public abstract void HandOutAgain();

    /// <summary>Counts skipped bytes. Any thread.</summary>
    public void CountSkippedBytes(long bytes)
    {
        if (bytes > 0)
        {
            Interlocked.Add(ref _skippedBytes, bytes);
        }
    }

    /// <summary>Returns the capabilities of a transport with these settings.</summary>
    protected static TransportCapabilities CapabilitiesOf(ITransport transport, Address address, EndpointSettings settings)
    {
        TransportCapabilities capabilities = transport.CapabilitiesOf(address);
        return settings.IsRaw ? capabilities & ~TransportCapabilities.Protocol : capabilities | TransportCapabilities.Protocol;
    }
}
