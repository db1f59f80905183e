using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>A server that talks to many numbered clients: sends to one or to all, and reports who joins, speaks and leaves.</summary>
/// <remarks>
/// <para>Clients are <see cref="Pair"/>s or, with <c>?framing=line</c>, any program.</para>
/// <para>
/// A broadcast does not wait. If the queue of a client is full, the hub sends the client the reason and disconnects it as
/// <see cref="CloseReason.SlowConsumer"/>. A message to one client waits for capacity. A policy in
/// <see cref="EndpointOptions.OverflowPolicy"/> applies to both.
/// </para>
/// </remarks>
public sealed partial class Hub : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Hub,
        Name = "Hub",
        Peers = [PatternKind.Pair],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.ManyPeers,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Fail],
        TalksRaw = true,
        ReportsLinks = true,
    };

    /// <summary>For the factories only, because an unopened hub is unusable.</summary>
    private Hub()
    {
    }

    private int _lastNumber;

    private Outbox Outbox => new(Core);

    /// <summary>The connected clients, ordered by number.</summary>
    /// <remarks>A client that has closed is not listed, even before its <see cref="HubEvent.Left"/> event.</remarks>
    public IReadOnlyList<HubClient> Clients =>
        [
            .. Core.Links()
                .Where(static link => link.State == LinkState.Up && link.Tag is HubClient)
                .Select(static link => (HubClient)link.Tag!)
                .OrderBy(static client => client.Number),
        ];

    /// <summary>Binds a hub to an address.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Hub Bind(Address address, HubOptions? options = null)
    {
        options ??= new HubOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxClients, 1, nameof(options));
        Hub hub = new();
        hub.Open(EndpointCore.Bind(address, options, Profile with { MostPeers = options.MaxClients }, hub));
        return hub;
    }

    /// <summary>Binds a hub to an address. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Hub> BindAsync(Address address, HubOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Returns the client with this number, or null when it is not connected.</summary>
    public HubClient? Client(int number)
    {
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.Tag is HubClient client && client.Number == number && client.IsConnected)
            {
                return client;
            }
        }

        return null;
    }

    /// <summary>Returns the events of this hub, one after the other. The loop continues when all clients have left.</summary>
    /// <remarks>Asking for the next event accepts the message of the previous one and returns its memory.</remarks>
    /// <param name="cancellationToken">Ends the loop with an <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerable<HubEvent> Events([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await Core.Receivers.ReceiveAsync(null, cancellationToken).ConfigureAwait(false) is { } received)
        {
            HubEvent happened = ToEvent(received);
            try
            {
                yield return happened;
                (happened as HubEvent.Said)?.Message.AcceptUnlessDisposed();
            }
            finally
            {
                (happened as HubEvent.Said)?.Message.Dispose();
            }
        }
    }

    /// <summary>Blocks until the next event and returns it.</summary>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The event, or null after the timeout. The caller accepts and disposes the message of a <see cref="HubEvent.Said"/>.
    /// </returns>
    public HubEvent? NextEvent(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Core.Receivers.Receive(Deadline.After(timeout, Core.Settings.Time), cancellationToken) is { } received ? ToEvent(received) : null;

    /// <summary>Waits for the next event and returns it.</summary>
    /// <inheritdoc cref="NextEvent" path="/param|/returns"/>
    public async ValueTask<HubEvent?> NextEventAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await Core.Receivers.ReceiveAsync(timeout, cancellationToken).ConfigureAwait(false) is { } received ? ToEvent(received) : null;

    /// <summary>Waits for the next event and returns it.</summary>
    /// <inheritdoc cref="NextEvent" path="/returns"/>
    public ValueTask<HubEvent?> NextEventAsync(CancellationToken cancellationToken) => NextEventAsync(null, cancellationToken);

    /// <summary>Disconnects a client.</summary>
    /// <param name="client">The client to disconnect.</param>
    /// <param name="text">The reason to send it.</param>
    public void Disconnect(HubClient client, string? text = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.ThrowIfClosing();
        client.Link.Kill(CloseReason.ClosedByUs, text);
    }

    void ILinkOwner.OnUp(Link link, Completions completions) => link.Tag = new HubClient(Interlocked.Increment(ref _lastNumber), link);

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a hub has no topics";

    private static HubEvent ToEvent(MessageCore received)
    {
        HubClient client = (HubClient)received.PeerLink.Tag!;
        Message message = new(received);
        switch (message.Kind)
        {
            case MessageKind.Joined:
                message.Dispose();
                return new HubEvent.Joined(client);
            case MessageKind.Left:
                message.Dispose();
                return new HubEvent.Left(client, client.Link.End?.Reason ?? CloseReason.PeerDied);
            default:
                return new HubEvent.Said(client, message);
        }
    }
}
