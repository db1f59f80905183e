using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// One server that talks to m numbered clients (<see cref="Pair"/>s, or with <c>?framing=line</c> any program): to one, to all, and it
/// hears who comes, speaks and goes.
/// </summary>
/// <remarks>
/// A broadcast waits for nobody: a client that does not read and whose queue is full is told so and disconnected, with
/// <see cref="CloseReason.SlowConsumer"/>. A message to one client waits. Where a policy is chosen
/// (<see cref="EndpointOptions.OverflowPolicy"/>), it holds for both.
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
        TalksBare = true,
        ReportsLinks = true,
    };

    /// <summary>By the factories alone: one that is not open is of no use.</summary>
    private Hub()
    {
    }

    private int _lastNumber;

    private Outbox Outbox => new(Core);

    /// <summary>
    /// The clients that are connected, in the order of their numbers. One that has closed is none of them, also before its
    /// <see cref="HubEvent.Left"/>.
    /// </summary>
    public IReadOnlyList<HubClient> Clients =>
        [
            .. Core.Links()
                .Where(static link => link.State == LinkState.Up && link.Tag is HubClient)
                .Select(static link => (HubClient)link.Tag!)
                .OrderBy(static client => client.Number),
        ];

    /// <summary>Binds.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Hub Bind(Address address, HubOptions? options = null)
    {
        options ??= new HubOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxClients, 1, nameof(options));
        Hub hub = new();
        hub.Open(EndpointCore.Bind(address, options, Profile with { MostPeers = options.MaxClients }, hub));
        return hub;
    }

    /// <summary>Binds. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Hub> BindAsync(Address address, HubOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>The client with this number, or null when it is not connected.</summary>
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

    /// <summary>
    /// What happens, one event after the other. Asking for the next one accepts a message and gives its memory back. The loop goes on when
    /// all clients have left.
    /// </summary>
    /// <param name="cancellationToken">Ends the loop, with an <see cref="OperationCanceledException"/>.</param>
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

    /// <summary>The next event. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The event, or null when none came in time. The message of a <see cref="HubEvent.Said"/> is the caller's to accept and dispose.
    /// </returns>
    public HubEvent? NextEvent(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Core.Receivers.Receive(Deadline.After(timeout, Core.Settings.Time), cancellationToken) is { } received ? ToEvent(received) : null;

    /// <summary>Sends a client away.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="text">What it is told.</param>
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
        HubClient client = (HubClient)received.Link.Tag!;
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
