using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Receives the messages of <see cref="Sender"/>s. A bound receiver takes them from many senders, in turn, some in a row from each; the
/// order of one sender is kept.
/// </summary>
public sealed class Receiver : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Receiver,
        Name = "Receiver",
        Peers = [PatternKind.Sender, PatternKind.WorkQueue],
        Takes = [MessageKind.Send, MessageKind.Deliver],
        Needs = TransportCapabilities.None,
        TalksBare = true,
    };

    /// <summary>By the factories alone: one that is not open is of no use.</summary>
    private Receiver()
    {
    }

    private Inbox Inbox => new(Core);

    /// <summary>
    /// Binds, for senders that will connect. Waits for nobody, apart from a holder of the name that was killed and is still ending (5
    /// seconds at most).
    /// </summary>
    /// <param name="address">Where, with options behind <c>?</c>. Text will do.</param>
    /// <param name="options">What the address does not say.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the name is held; <see cref="FairleadException.Peer"/> says by whom. PermissionDenied. NotSupported: the transport
    /// lacks what the pattern needs.
    /// </exception>
    /// <exception cref="AddressFormatException">The text is no address, or has an unknown or ill-formed option.</exception>
    public static Receiver Bind(Address address, EndpointOptions? options = null)
    {
        Receiver receiver = new();
        receiver.Open(EndpointCore.Bind(address, options, Profile, receiver));
        return receiver;
    }

    /// <summary>Binds, for senders that will connect. Completes at once.</summary>
    /// <param name="address">Where, with options behind <c>?</c>. Text will do.</param>
    /// <param name="options">What the address does not say.</param>
    /// <param name="cancellationToken">Looked at before binding, which is not interrupted.</param>
    /// <inheritdoc cref="Bind" path="/exception"/>
    public static ValueTask<Receiver> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound sender. Blocks.</summary>
    /// <param name="address">Where, with options behind <c>?</c>. Text will do.</param>
    /// <param name="options">What the address does not say.</param>
    /// <param name="cancellationToken">Ends connecting, and waiting for somebody to listen.</param>
    /// <exception cref="FairleadException">
    /// NotFound: nobody listens there (and did not within <c>?wait=</c>). Incompatible: another pattern or version is there. Full: all
    /// places are taken. PermissionDenied. Timeout: somebody listens and gave no sign of life. NotSupported: the transport lacks what the
    /// pattern needs.
    /// </exception>
    /// <exception cref="AddressFormatException">The text is no address, or has an unknown or ill-formed option.</exception>
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

    /// <summary>The next message if one is there. Does not block.</summary>
    /// <param name="message">A lease: accept it, where its sender waits for a receipt, and dispose it.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">
    /// PeerGone: a connected receiver has lost its sender, and everything that came was taken.
    /// </exception>
    public bool TryReceive(out Message message) => Inbox.TryReceive(out message);

    /// <summary>The next message if one comes in time. Blocks.</summary>
    /// <param name="timeout">At most so long.</param>
    /// <param name="message">A lease: accept it, where its sender waits for a receipt, and dispose it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether one came.</returns>
    /// <inheritdoc cref="TryReceive(out Message)" path="/exception"/>
    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken cancellationToken = default) =>
        Inbox.TryReceive(timeout, out message, cancellationToken);

    /// <summary>The next message. Blocks.</summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A lease: dispose it; accept it first, where its sender waits for a receipt.</returns>
    /// <exception cref="FairleadException">
    /// Timeout. PeerGone: a connected receiver has lost its sender, and everything that came was taken.
    /// </exception>
    public Message Receive(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.Receive(timeout, cancellationToken);

    /// <summary>The next message.</summary>
    /// <inheritdoc cref="Receive" path="/param|/returns|/exception"/>
    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAsync(timeout, cancellationToken);

    /// <summary>The next message.</summary>
    /// <inheritdoc cref="Receive" path="/returns|/exception"/>
    public ValueTask<Message> ReceiveAsync(CancellationToken cancellationToken) => Inbox.ReceiveAsync(null, cancellationToken);

    /// <summary>
    /// All messages, one after the other. Asking for the next one accepts the one before and gives its memory back; leaving the loop by
    /// <c>break</c> or an exception gives it back unaccepted. A connected receiver's loop ends when its sender closes, and throws PeerGone
    /// when the sender died; that of a bound one waits for the next sender.
    /// </summary>
    /// <param name="cancellationToken">Ends the loop, with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken cancellationToken = default) =>
        Inbox.ReceiveAllAsync(cancellationToken);

    /// <summary>
    /// Calls the handler for each message until the token is cancelled or, where it has connected, the sender closes. Its return accepts
    /// the message. Its exception does not, tells the sender why, and ends the run, which throws it when the handlers that still run have
    /// returned.
    /// </summary>
    /// <param name="handler">Called with the message, which is valid until it returns.</param>
    /// <param name="concurrency">How many handlers may run at once. More than one gives up the order.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler, int concurrency = 1, CancellationToken cancellationToken = default) =>
        Inbox.RunAsync(handler, RaiseHandlerFailed, concurrency, cancellationToken);

    /// <summary>
    /// This end as a <see cref="Stream"/> that is read from: a connected receiver, or one that is bound to a FIFO, whose writers come and
    /// go and are no end. The same each time.
    /// </summary>
    /// <inheritdoc cref="Pair.AsStream" path="/remarks"/>
    /// <exception cref="FairleadException">
    /// NotSupported: a framing with boundaries, a transport that may lose or reorder, or a bound receiver that may have several senders at
    /// once.
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
