using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Receives the messages of <see cref="Sender"/>s. A bound receiver serves many senders.</summary>
/// <remarks>It serves the senders in turn, several messages from each, and keeps the order of each sender.</remarks>
public sealed class Receiver : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Receiver,
        Name = "Receiver",
        Peers = [PatternKind.Sender, PatternKind.WorkQueue],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.None,
        TalksRaw = true,
    };

    /// <summary>For the factories only, because an unopened receiver is unusable.</summary>
    private Receiver()
    {
    }

    private Inbox Inbox => new(Core);

    /// <summary>Binds a receiver that senders connect to.</summary>
    /// <remarks>
    /// Does not wait, with one exception: if the process that held the name was killed and is still ending, this waits for at most 5
    /// seconds.
    /// </remarks>
    /// <param name="address">The address to bind, with options after <c>?</c>. Strings convert implicitly.</param>
    /// <param name="options">Settings that the address does not contain.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the name is in use; <see cref="FairleadException.Peer"/> is its holder. PermissionDenied. NotSupported: the transport
    /// lacks what the pattern needs.
    /// </exception>
    /// <exception cref="AddressFormatException">The text is not an address, or has an unknown or malformed option.</exception>
    public static Receiver Bind(Address address, EndpointOptions? options = null)
    {
        Receiver receiver = new();
        receiver.Open(EndpointCore.Bind(address, options, Profile, receiver));
        return receiver;
    }

    /// <summary>Binds a receiver that senders connect to. Completes immediately.</summary>
    /// <param name="address">The address to bind, with options after <c>?</c>. Strings convert implicitly.</param>
    /// <param name="options">Settings that the address does not contain.</param>
    /// <param name="cancellationToken">Checked before binding; it does not interrupt binding itself.</param>
    /// <inheritdoc cref="Bind" path="/exception"/>
    public static ValueTask<Receiver> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound sender. Blocks until connected.</summary>
    /// <param name="address">The address to connect to, with options after <c>?</c>. Strings convert implicitly.</param>
    /// <param name="options">Settings that the address does not contain.</param>
    /// <param name="cancellationToken">Ends connecting, and waiting for a listener.</param>
    /// <exception cref="FairleadException">
    /// NotFound: no endpoint listens there, and none did within <c>?wait=</c>. Incompatible: another pattern or version listens there.
    /// Full: the endpoint accepts no more peers. PermissionDenied. Timeout: an endpoint listens but does not respond. NotSupported: the
    /// transport lacks what the pattern needs.
    /// </exception>
    /// <exception cref="AddressFormatException">The text is not an address, or has an unknown or malformed option.</exception>
    public static Receiver Connect(Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound sender.</summary>
    /// <inheritdoc cref="Connect" path="/param|/exception"/>
    public static async ValueTask<Receiver> ConnectAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Receiver receiver = new();
        receiver.Open(await EndpointCore.ConnectAsync(address, options, Profile, receiver, cancellationToken).ConfigureAwait(false));
        return receiver;
    }

    /// <summary>Takes the next message if one has arrived. Does not block.</summary>
    /// <param name="message">A lease. Accept it if its sender waits for a receipt, and dispose it.</param>
    /// <returns>Whether a message had arrived.</returns>
    /// <exception cref="FairleadException">
    /// PeerGone: a connected receiver has lost its sender, and every message that arrived has been taken.
    /// </exception>
    public bool TryReceive(out Message message) => Inbox.TryReceive(out message);

    /// <summary>Takes the next message if one arrives in time. Blocks until then.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="message">A lease. Accept it if its sender waits for a receipt, and dispose it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether a message arrived in time.</returns>
    /// <inheritdoc cref="TryReceive(out Message)" path="/exception"/>
    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken cancellationToken = default) =>
        Inbox.TryReceive(timeout, out message, cancellationToken);

    /// <summary>Blocks until the next message arrives and takes it.</summary>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A lease. Accept it if its sender waits for a receipt, and dispose it.</returns>
    /// <exception cref="FairleadException">
    /// Timeout. PeerGone: a connected receiver has lost its sender, and every message that arrived has been taken.
    /// </exception>
    public Message Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.Receive(timeout, cancellationToken);

    /// <summary>Takes the next message when it arrives.</summary>
    /// <inheritdoc cref="Receive" path="/param|/returns|/exception"/>
    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAsync(timeout, cancellationToken);

    /// <summary>Takes the next message when it arrives.</summary>
    /// <inheritdoc cref="Receive" path="/returns|/exception"/>
    public ValueTask<Message> ReceiveAsync(CancellationToken cancellationToken) => Inbox.ReceiveAsync(null, cancellationToken);

    /// <summary>Returns all messages, one after the other.</summary>
    /// <remarks>
    /// Asking for the next message accepts the previous one and returns its memory. Leaving the loop by <c>break</c> or an exception
    /// returns the message unaccepted. The loop of a connected receiver ends when its sender closes, and throws PeerGone when the sender
    /// died. The loop of a bound receiver waits for the next sender.
    /// </remarks>
    /// <param name="cancellationToken">Ends the loop with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAllAsync(cancellationToken);

    /// <summary>Calls the handler for each message until the token is cancelled, or until the sender of a connected receiver
    /// closes.</summary>
    /// <remarks>
    /// The message is accepted when the handler returns. If the handler throws, the message is not accepted, its sender is told the reason,
    /// and the run ends. The run rethrows the exception after the other running handlers have returned.
    /// </remarks>
    /// <param name="handler">Called with each message, which is valid until the handler returns.</param>
    /// <param name="concurrency">How many handlers may run at the same time. More than one gives up the order.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken cancellationToken = default) =>
        Inbox.RunAsync(handler, RaiseHandlerFailed, concurrency, cancellationToken);

    /// <summary>Returns this end as a readable <see cref="Stream"/>, for a connected receiver or one bound to a FIFO.</summary>
    /// <remarks>
    /// <para>Writers of a FIFO may connect and disconnect without ending the stream. Every call returns the same stream.</para>
    /// <inheritdoc cref="Pair.AsStream" path="/remarks/para"/>
    /// </remarks>
    /// <exception cref="FairleadException">
    /// NotSupported: the framing has boundaries, the transport may lose or reorder, or a bound receiver may have several senders.
    /// </exception>
    public Stream AsStream() => StreamOf(canRead: true, canWrite: false);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a receiver has no topics";
}
