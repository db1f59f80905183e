using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Stands behind every pattern: it makes an endpoint out of its parts, says how links come and go, and keeps the order in which it ends.
/// </summary>
/// <remarks>
/// Owns its parts, each of which has a few fields of its own; and, under the pump's gate, its address and how many links are up. Patterns
/// make and close it. Links and the pump tell it of events that concern several parts. What concerns one part goes to that part.
/// </remarks>
internal sealed partial class EndpointCore : IDisposable
{
    private const ulong ListenerToken = Pump.FirstToken;

    private readonly EndpointEntry _entry;
    private readonly Acceptor _acceptor;
    private Address _address;

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
        Pump = new Pump(this, Life);
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
        MeterTags = EndpointMeter.Add(entry.Counters, address, profile.Kind);
        Placement = new Placement(this);
        FastPath = new FastPath(this);
        Watches = new Watches(this);
        Receivers = new Receivers(this);
        Broadcasts = new BroadcastHolder(this);
        Admission = new Admission(this, owner, isBound ? profile.MostPeers : 1);
        Drops = new DropReport(Counters, settings.Time, () => Address, profile.Name);
        Presence = new PeerPresence(this, addresses);
        Policy = settings.Full ?? profile.Policy;
    }

    /// <summary>Where it is bound or connected; with several addresses the one that was last connected to, or tried.</summary>
    public Address Address => Volatile.Read(ref _address);

    public EndpointSettings Settings { get; }

    public PatternProfile Profile { get; }

    /// <summary>The pattern, which hears of the links.</summary>
    public ILinkOwner Owner { get; }

    /// <summary>What the transport can do at this address.</summary>
    public TransportCapabilities Capabilities => CapabilitiesOf(BuiltInTransports.Find(Address), Address, Settings);

    public bool IsBound { get; }

    /// <summary>Whether it ends with its peer: it has connected, or is bound where nobody else can come.</summary>
    public bool EndsWithPeer { get; }

    /// <summary>What its measurements are tagged with.</summary>
    public KeyValuePair<string, object?>[] MeterTags { get; }

    /// <summary>What is done with a message for which a peer has no room, unless the peer has asked for something else.</summary>
    public OverflowPolicy Policy { get; }

    public EndpointCounters Counters { get; }

    /// <summary>The phase that it is in, and its end.</summary>
    public EndpointLife Life { get; }

    /// <summary>Tells callers how the endpoint ended.</summary>
    public CompletionSource Completion { get; }

    /// <summary>Whether nothing new may be sent or received.</summary>
    public bool IsClosing => Life.IsClosing;

    /// <summary>The role of the one that reads and handles what comes.</summary>
    public Pump Pump { get; }

    /// <summary>The links.</summary>
    public LinkTable Table { get; }

    /// <summary>Which peers it accepts.</summary>
    public Admission Admission { get; }

    /// <summary>The messages that wait for the user, and the callers that wait for messages.</summary>
    public Receivers Receivers { get; }

    /// <summary>The wait sets that it is attached to.</summary>
    public Watches Watches { get; }

    /// <summary>Sends to a peer that shares memory without a pump iteration.</summary>
    public FastPath FastPath { get; }

    /// <summary>Whether each acknowledgement concerns the pattern or a wait set.</summary>
    public bool HearsOfCredit => Profile.Kind == PatternKind.WorkQueue || Watches.Any;

    /// <summary>Which link a message goes to, and what waits for a link.</summary>
    public Placement Placement { get; }

    /// <summary>Whether its peer is lost, sought, or gone for good.</summary>
    public PeerPresence Presence { get; }

    /// <summary>Serves its peers while the user is away.</summary>
    public Housekeeping Housekeeping { get; }

    /// <summary>Counts dropped messages.</summary>
    public DropReport Drops { get; }

    /// <summary>What is sent to many is written once where the transport can do that.</summary>
    public BroadcastHolder Broadcasts { get; }

    /// <summary>The links at this moment, without a copy: not to be changed.</summary>
    public Link[] LinkSnapshot => Table.All;

    /// <summary>The links that are up, or have something to hand out.</summary>
    public Link[] Links()
    {
        using (Gate.Hold())
        {
            return [.. Table.All];
        }
    }

    /// <summary>Binds. Returns at once; peers are served as soon as somebody waits, or by the reactor.</summary>
    public static EndpointCore Bind(Address address, EndpointOptions? options, PatternProfile profile, ILinkOwner owner)
    {
        Platform.Require();
        ITransport transport = BuiltInTransports.Find(address);
        EndpointSettings settings = EndpointSettings.From(address, options, profile.Kind, transport);
        profile.Check(address, CapabilitiesOf(transport, address, settings), settings.IsForeign, transport.Remedy);
        profile.CheckPolicy(address, settings.Full);
        IListener listener = transport.Bind(address, settings);
        EndpointEntry? entry = null;
        EndpointCore? core = null;
        try
        {
            entry = EndpointEntry.Create(profile.Kind, bound: true, listener.Address.ToString(), listener.File);
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

    private ref BiasedLock Gate => ref Pump.Gate;

    /// <summary>The reactor may wait from here on, and at a bound endpoint does.</summary>
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
