using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// Sends messages to one <see cref="Receiver"/>: point to point, of type 1 (asynchronous: done when buffered) and type 2 (synchronous: done
/// when the receipt is in).
/// </summary>
/// <remarks>
/// What is buffered waits for a receiver that reads; how much may wait is the receiver's <c>capacity</c>. The order is the order of
/// sending, over all threads. A bound sender serves one receiver at a time.
/// </remarks>
public sealed partial class Sender : MessagingEndpoint, ILinkOwner
{
    private static readonly PatternProfile Profile = new()
    {
        Kind = PatternKind.Sender,
        Name = "Sender",
        Peers = [PatternKind.Receiver, PatternKind.WorkQueue],
        Needs = TransportCapabilities.None,
        Policies = [OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Fail],
        TalksBare = true,
        MostPeers = 1,
    };

    /// <summary>By the factories alone: one that is not open is of no use.</summary>
    private Sender()
    {
    }

    private Outbox Outbox => new(Core);

    /// <summary>Binds, for a receiver that will connect.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Sender Bind(Address address, EndpointOptions? options = null)
    {
        Sender sender = new();
        sender.Open(EndpointCore.Bind(address, options, Profile, sender));
        return sender;
    }

    /// <summary>Binds, for a receiver that will connect. Completes at once.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Sender> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound receiver. Blocks.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static Sender Connect(Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(ConnectAsync(address, options, cancellationToken));

    /// <summary>Connects to a bound receiver.</summary>
    /// <inheritdoc cref="Receiver.Connect" path="/param|/exception"/>
    public static async ValueTask<Sender> ConnectAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        Sender sender = new();
        sender.Open(await EndpointCore.ConnectAsync(address, options, Profile, sender, cancellationToken).ConfigureAwait(false));
        return sender;
    }

    /// <summary>Type 1, without waiting: buffers the message if that goes at once. Never overtakes a sender that waits.</summary>
    /// <param name="message">Copied before this returns.</param>
    /// <returns>
    /// Sent; Full when the receiver has not read enough yet; NoPeer when a bound sender has no receiver; PeerGone when a connected one has
    /// lost it.
    /// </returns>
    public SendResult TrySend(ReadOnlySpan<byte> message) => Outbox.TrySend(MessageKind.Send, default, message);

    /// <summary>Type 1, blocking: waits until the message is buffered.</summary>
    /// <param name="message">The caller's again when this returns.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// Timeout: there was no room in time, the message is not sent. PeerGone: the receiver is gone; the error says how many messages are in
    /// doubt. TooLarge: longer than the receiver accepts.
    /// </exception>
    public void Send(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.Send(message, timeout, cancellationToken);

    /// <summary>Type 1: completes when the message is buffered.</summary>
    /// <param name="message">Copied before this returns, where it must wait.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask SendAsync(ReadOnlySpan<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <summary>Type 1: completes when the message is buffered or, where it is long, written out of the memory given.</summary>
    /// <param name="message">Must stay as it is until completion.</param>
    /// <param name="cancellationToken">Ends the wait; a message that is half written is sent nevertheless, from a copy.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <summary>Type 2, blocking: waits for the receiver's receipt.</summary>
    /// <param name="message">The caller's again when this returns.</param>
    /// <param name="timeout">At most so long for sending and receipt together; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Delivered, or a negative receipt: not delivered or unknown, with the reason. A lost receiver and a time-out are results, not
    /// exceptions.
    /// </returns>
    public Delivery Deliver(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.Deliver(message, timeout, cancellationToken);
    }

    /// <summary>Type 2: completes when the receipt is in, or is known not to come.</summary>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, cancellationToken);
    }

    /// <summary>Type 2: completes when the receipt is in, or is known not to come. The memory must stay as it is until then.</summary>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns"/>
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(message, timeout, cancellationToken);
    }

    /// <summary>
    /// Type 1, blocking: sends a message, and with it an open file, socket or pipe, which becomes a descriptor of the receiver's process
    /// (<see cref="Message.TakeHandle()"/>): in order with all other messages. On <c>unix://</c>, to a receiver that asks for such with
    /// <c>?handles=</c>, and waits where it has so many unread.
    /// </summary>
    /// <param name="handle">
    /// Stays the caller's, who may dispose it as soon as this returns. Both then have the same open file, with one position.
    /// </param>
    /// <param name="message">What is said about it; may be empty.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: this transport, or framing, carries none, or the receiver takes none. Timeout. PeerGone.
    /// </exception>
    /// <exception cref="ArgumentException">The handle is not that of something open.</exception>
    public void SendHandle(
        SafeHandle handle,
        ReadOnlySpan<byte> message = default,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) => Outbox.SendHandle(handle, message, timeout, cancellationToken);

    /// <summary>
    /// Type 1: sends a message, and with it an open file, socket or pipe. Completes when it is buffered, otherwise like
    /// <see cref="SendHandle"/>.
    /// </summary>
    /// <param name="handle">Stays the caller's, who may dispose it as soon as this returns.</param>
    /// <param name="message">What is said about it; may be empty. Must stay as it is until completion.</param>
    /// <param name="cancellationToken">Ends the wait; the message is then not sent.</param>
    /// <inheritdoc cref="SendHandle" path="/exception"/>
    public ValueTask SendHandleAsync(
        SafeHandle handle, ReadOnlyMemory<byte> message = default, CancellationToken cancellationToken = default) =>
        Outbox.SendHandleAsync(handle, message, cancellationToken);

    /// <summary>This end as a <see cref="Stream"/> that is written to. The same each time.</summary>
    /// <inheritdoc cref="Pair.AsStream" path="/remarks|/exception"/>
    public Stream AsStream() => StreamOf(canRead: false, canWrite: true);

    /// <summary>Memory to write a message into. Send it, or dispose it to give the memory back.</summary>
    /// <param name="size">Bytes at most; fewer may be sent.</param>
    /// <exception cref="FairleadException">TooLarge: no message is so long.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for so many bytes.</exception>
    public Loan Loan(int size) => new(this, size);

    internal Link? TryLoan(int size, out Memory<byte> memory) => Outbox.TryLoan(size, out memory);

    internal bool TrySendLoan(Link link, int length) => Outbox.TrySendLoan(link, length);

    void ILinkOwner.OnUp(Link link, Completions completions)
    {
    }

    void ILinkOwner.OnDown(Link link, LinkEnd end, Completions completions)
    {
    }

    void ILinkOwner.OnStateChanged(EndpointStateChange change) => RaiseStateChanged(change);

    string? ILinkOwner.OnSubscription(Link link, string topic, bool subscribes) => "a sender has no topics";
}
