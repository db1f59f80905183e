using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Direct;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The core of every pattern: builds an endpoint from its parts, and keeps the order in which links and endpoint end.</summary>
/// <remarks>
/// Owns its parts, each with few fields, and, under the pump's gate, its address and the number of links that are up. Patterns create and
/// close it. Links and the pump report events that concern several parts. An event of one part goes directly to that part.
/// </remarks>
internal sealed partial class EndpointCore
    : EndpointContext, IPumpOwner, ILinkHost, IAcceptorOwner, IPresenceOwner, IDisposable
{
    private const ulong ListenerToken = Pump.FirstToken;

    private readonly EndpointEntry _entry;
    private readonly Acceptor _acceptor;
    private readonly WatchList _watchList = new();

    private EndpointCore(
        Address address,
        Address[] addresses,
        EndpointSettings settings,
        PatternProfile profile,
        ILinkOwner owner,
        EndpointEntry entry,
        IListener? listener)
        : base(
            address,
            settings,
            profile,
            isBound: listener is not null,
            endsWithPeer: listener is null or { YieldsOne: true },
            entry.Counters,
            new EndpointLife(owner))
    {
        Owner = owner;
        _entry = entry;

        // From the bottom to the top: each part gets those below it.
        Pump = new Pump(this, settings, Life);
        Table = new LinkTable(Pump);
        _acceptor = new Acceptor(this, this, Table, Pump.PollSet, ListenerToken, listener, entry);
        Housekeeping = new Housekeeping(this, _acceptor);
        Presence = new PeerPresence(this, this, addresses);
        Placement = new Placement(this, Table, Presence);
        Receivers = new Receivers(this, Table, Presence, _watchList, Housekeeping);
        FastPath = new FastPath(this, Table, Housekeeping);
        WaitSetAccess = new WaitSetAccess(this, _watchList, Table, Receivers, Presence, Placement);
        BroadcastHolder = new BroadcastHolder(this);
        FanOutBatch = new FanOutBatch(this, Table);
        Admission = new Admission(this, owner, Table);
        CompletionSource = new CompletionSource(this, Presence, Placement);
    }

    /// <summary>The pattern, which is notified about links.</summary>
    public ILinkOwner Owner { get; }

    /// <summary>Tells callers how the endpoint ended.</summary>
    public CompletionSource CompletionSource { get; }

    /// <summary>The links.</summary>
    public LinkTable Table { get; }

    /// <summary>Which peers it accepts.</summary>
    public Admission Admission { get; }

    /// <summary>The received messages, and the callers that wait for messages.</summary>
    public Receivers Receivers { get; }

    /// <summary>The wait sets that it is attached to.</summary>
    public WaitSetAccess WaitSetAccess { get; }

    /// <summary>Sends to a peer that shares memory without a pump iteration.</summary>
    public FastPath FastPath { get; }

    /// <inheritdoc/>
    public override bool HearsOfCredit => Profile.Kind == PatternKind.WorkQueue || _watchList.Any;

    /// <inheritdoc/>
    public override bool AwaitsPeers => Presence.AwaitsPeers;

    /// <inheritdoc/>
    public override bool IsReconnecting => Presence.IsReconnecting;

    /// <inheritdoc/>
    public override string? Hindrance => Presence.Hindrance;

    /// <summary>Chooses the link for each message, and holds messages that wait for a link.</summary>
    public Placement Placement { get; }

    /// <summary>Whether its peer is lost, sought, or permanently gone.</summary>
    public PeerPresence Presence { get; }

    /// <summary>Serves the peers while no user call runs.</summary>
    public Housekeeping Housekeeping { get; }

    /// <summary>Writes messages for many peers once, if the transport supports it.</summary>
    public BroadcastHolder BroadcastHolder { get; }

    /// <summary>Writes messages for many peers in batches, where each peer gets a copy.</summary>
    public FanOutBatch FanOutBatch { get; }

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
    /// <param name="address">Where.</param>
    /// <param name="options">The options.</param>
    /// <param name="profile">The pattern.</param>
    /// <param name="owner">The pattern, which hears of links.</param>
    /// <param name="holdsBack">Whether the owner says when a received message is acknowledged.</param>
    public static EndpointCore Bind(
        Address address, EndpointOptions? options, PatternProfile profile, ILinkOwner owner, bool holdsBack = false)
    {
        Platform.Require();
        ITransport transport = BuiltInTransports.Find(address);
        EndpointSettings settings = EndpointSettings.From(address, options, profile.Kind, transport);
        settings = holdsBack ? settings with { HoldsBack = true, Confirms = true } : settings;
        profile.Check(address, CapabilitiesOf(transport, address, settings), settings.IsForeign, transport.Remedy);
        profile.CheckPolicy(address, settings.OverflowPolicy);
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
}
