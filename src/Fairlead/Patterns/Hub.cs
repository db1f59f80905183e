using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// One server that talks to m numbered clients (<see cref="Pair"/>s, or with <c>?framing=line</c> any program): to one, to all, and it hears who comes, speaks and goes.
/// </summary>
/// <remarks>
/// A broadcast waits for nobody: a client that does not read and whose queue is full is told so and disconnected, with <see cref="CloseReason.SlowConsumer"/>. A message to one client waits.
/// </remarks>
public sealed class Hub : Endpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Hub,
        Name = "Hub",
        Peers = [PatternKind.Pair],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.Duplex | TransportCapabilities.ManyPeers,
        TalksBare = true,
        ReportsLinks = true,
    };

    private int _lastNumber;

    private Outbox Outbox => new(Core);

    /// <summary>The clients that are connected, in the order of their numbers.</summary>
    public IReadOnlyList<HubClient> Clients =>
        [.. Core.Links().Where(static link => link.State == LinkState.Up && link.Tag is HubClient).Select(static link => (HubClient)link.Tag!).OrderBy(static client => client.Number)];

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
    public static ValueTask<Hub> BindAsync(Address address, HubOptions? options = null, CancellationToken token = default) =>
        Opening.Run(() => Bind(address, options), token);

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

    /// <summary>What happens, one event after the other. Asking for the next one accepts a message and gives its memory back. The loop goes on when all clients have left.</summary>
    /// <param name="token">Ends the loop, with an <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerable<HubEvent> Events([EnumeratorCancellation] CancellationToken token = default)
    {
        while (await Core.ReceiveAsync(null, token).ConfigureAwait(false) is { } received)
        {
            HubEvent happened = ToEvent(received);
            try
            {
                yield return happened;
                (happened as Said)?.Message.AcceptUnlessDisposed();
            }
            finally
            {
                (happened as Said)?.Message.Dispose();
            }
        }
    }

    /// <summary>The next event. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="token">Ends the wait.</param>
    /// <returns>The event, or null when none came in time. The message of a <see cref="Said"/> is the caller's to accept and dispose.</returns>
    public HubEvent? NextEvent(TimeSpan? timeout = null, CancellationToken token = default) =>
        Core.Receive(Deadline.After(timeout, Core.Settings.Time), token) is { } received ? ToEvent(received) : null;

    /// <summary>Type 1 to one client, without waiting.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Copied before this returns.</param>
    /// <returns>Sent; Full when the client has not read enough yet; PeerGone when it has left.</returns>
    /// <exception cref="FairleadException">TooLarge: the client does not take so long a message.</exception>
    public SendResult TrySend(HubClient client, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.ThrowIfClosing();
        SendResult result = Outbox.TrySendOn(client.Link, MessageKind.Send, default, message);
        return result == SendResult.NoPeer ? SendResult.PeerGone : result;
    }

    /// <summary>Type 1 to one client: completes when it is buffered.</summary>
    /// <param name="client">Whom.</param>
    /// <param name="message">Copied before this returns, where it must wait.</param>
    /// <param name="token">Ends the wait; the message is then not sent.</param>
    /// <exception cref="FairleadException">PeerGone: the client has left.</exception>
    public ValueTask SendAsync(HubClient client, ReadOnlySpan<byte> message, CancellationToken token = default) =>
        token.IsCancellationRequested ? ValueTask.FromCanceled(token)
        : TrySend(client, message) == SendResult.Sent ? default
        : Outbox.SendOnAsync(client.Link, message, token);

    /// <summary>Type 1 to one client: text as UTF-8.</summary>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public ValueTask SendAsync(HubClient client, string message, CancellationToken token = default) => SendAsync(client, Encoding.UTF8.GetBytes(message).AsSpan(), token);

    /// <summary>Type 1 to one client, blocking: waits until it is buffered.</summary>
    /// <exception cref="FairleadException">Timeout. PeerGone: the client has left.</exception>
    public void Send(HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        token.ThrowIfCancellationRequested();
        if (TrySend(client, message) != SendResult.Sent)
        {
            Outbox.SendOn(client.Link, message, timeout, token);
        }
    }

    /// <summary>Type 2 to one client, blocking: waits for its receipt.</summary>
    /// <inheritdoc cref="Sender.Deliver" path="/returns"/>
    public Delivery Deliver(HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverOn(client.Link, message, timeout, token);
    }

    /// <summary>Type 2 to one client: completes when its receipt is in, or is known not to come.</summary>
    /// <inheritdoc cref="Sender.Deliver" path="/returns"/>
    public ValueTask<Delivery> DeliverAsync(HubClient client, ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        Outbox.RequireProtocol();
        return Outbox.DeliverOnAsync(client.Link, message, timeout, token);
    }

    /// <summary>Type 1 to all clients, or all but one. Waits for nobody: a client whose queue is full is disconnected as <see cref="CloseReason.SlowConsumer"/>, and one that does not take so long a message as <see cref="CloseReason.Limit"/>.</summary>
    /// <param name="message">Copied before this returns.</param>
    /// <param name="except">A client that does not get it: mostly the one that said it.</param>
    /// <returns>To how many clients it was sent.</returns>
    public int Broadcast(ReadOnlySpan<byte> message, HubClient? except = null)
    {
        Outbox.ThrowIfClosing();
        int count = 0;
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.State != LinkState.Up || link == except?.Link || link.Tag is null)
            {
                continue;
            }

            if (!link.Takes(message.Length))
            {
                // One that announces a small limit must not keep the message from the others.
                Core.Counters.AddDropped(1);
                link.Kill(CloseReason.Limit, $"a message of {message.Length} bytes was broadcast, and it takes less");
                continue;
            }

            switch (Outbox.TrySendOn(link, MessageKind.Send, default, message))
            {
                case SendResult.Sent:
                    count++;
                    break;
                case SendResult.Full:
                    Core.Counters.AddDropped(1);
                    link.Kill(CloseReason.SlowConsumer, "its queue was full when a message was broadcast");
                    break;
            }
        }

        return count;
    }

    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?)"/>
    public ValueTask<int> BroadcastAsync(ReadOnlySpan<byte> message, HubClient? except = null) => new(Broadcast(message, except));

    /// <summary>Sends what a client said to all others.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?)" path="/returns|/param[@name='except']"/>
    public ValueTask<int> BroadcastAsync(Message message, HubClient? except = null) => new(Broadcast(message.Span, except));

    /// <summary>Sends text as UTF-8 to all.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?)" path="/returns|/param[@name='except']"/>
    public ValueTask<int> BroadcastAsync(string message, HubClient? except = null) => new(Broadcast(Encoding.UTF8.GetBytes(message), except));

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
                return new Joined(client);
            case MessageKind.Left:
                message.Dispose();
                return new Left(client, client.Link.End?.Reason ?? CloseReason.PeerDied);
            default:
                return new Said(client, message);
        }
    }
}
