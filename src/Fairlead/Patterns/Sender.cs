using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>Sends messages to one <see cref="Receiver"/>, with or without receipts.</summary>
/// <remarks>
/// <para>
/// A type 1 send is asynchronous: it is done when the message is buffered. A type 2 send is synchronous: it is done when the receipt
/// arrives.
/// </para>
/// <para>
/// Buffered messages wait until the receiver reads them; the receiver's <c>capacity</c> limits how many. Messages keep the order of
/// sending, across all threads. A bound sender serves one receiver at a time.
/// </para>
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
        TalksRaw = true,
        MostPeers = 1,
    };

    /// <summary>For the factories only, because an unopened sender is unusable.</summary>
    private Sender()
    {
    }

    private Outbox Outbox => new(Core);

    /// <summary>Binds a sender that a receiver connects to.</summary>
    /// <inheritdoc cref="Receiver.Bind" path="/param|/exception"/>
    public static Sender Bind(Address address, EndpointOptions? options = null)
    {
        Sender sender = new();
        sender.Open(EndpointCore.Bind(address, options, Profile, sender));
        return sender;
    }

    /// <summary>Binds a sender that a receiver connects to. Completes immediately.</summary>
    /// <inheritdoc cref="Receiver.BindAsync" path="/param|/exception"/>
    public static ValueTask<Sender> BindAsync(
        Address address, EndpointOptions? options = null, CancellationToken cancellationToken = default) =>
        Opening.Run(() => Bind(address, options), cancellationToken);

    /// <summary>Connects to a bound receiver. Blocks until connected.</summary>
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

    /// <summary>Sends a message (type 1), without waiting. Never overtakes a waiting send.</summary>
    /// <param name="message">The payload. Copied before this returns.</param>
    /// <returns>
    /// Sent; Full when the receiver has not read enough yet; NoPeer when a bound sender has no receiver; PeerGone when a connected sender
    /// has lost its receiver.
    /// </returns>
    public SendResult TrySend(ReadOnlySpan<byte> message) => Outbox.TrySend(null, message);

    /// <summary>Sends a message (type 1). Blocks until it is buffered, or confirmed if a durable broker receives it.</summary>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// Timeout: the receiver had no capacity in time, and the message is not sent; or a broker did not confirm it in time. PeerGone: the
    /// receiver is gone; the error says how many messages are in doubt. TooLarge: the message is longer than the receiver accepts.
    /// </exception>
    public void Send(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Outbox.Send(message, timeout, cancellationToken);

    /// <summary>Sends a message (type 1). Completes when it is buffered, or confirmed if a durable broker receives it.</summary>
    /// <param name="message">The payload. Copied before this returns if the message has to wait.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask SendAsync(ReadOnlySpan<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <summary>Sends a message (type 1). Completes when it is buffered or, if it is long, written from the given memory.</summary>
    /// <param name="message">The payload. It must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. A partly written message is still sent, from a copy.</param>
    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/exception"/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        Outbox.SendAsync(message, cancellationToken);

    /// <summary>Sends a message (type 2). Blocks until the receiver's receipt arrives.</summary>
    /// <param name="message">The payload. The caller may change it when this returns.</param>
    /// <param name="timeout">How long to wait at most for sending and receipt together; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Delivered, or a negative receipt with the reason: not delivered or unknown. A lost receiver and a timeout are results, not
    /// exceptions.
    /// </returns>
    public Delivery Deliver(ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.Deliver(null, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message (type 2). Completes with its receipt, or when none can arrive.</summary>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlySpan<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }

    /// <summary>
    /// Sends a message (type 2). Completes with its receipt, or when none can arrive; do not change the memory until then.
    /// </summary>
    /// <inheritdoc cref="Deliver(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/param|/returns"/>
    public ValueTask<Delivery> DeliverAsync(
        ReadOnlyMemory<byte> message, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Outbox.RequireProtocol();
        return Outbox.DeliverAsync(null, message, timeout, cancellationToken);
    }

    /// <summary>Sends a message with an open file, socket or pipe (type 1). Blocks until the message is buffered.</summary>
    /// <remarks>
    /// The handle becomes a descriptor of the receiver's process (<see cref="Message.TakeHandle()"/>). The message keeps its order among
    /// all other messages. This works on <c>unix://</c>, to a receiver that asks for handles with <c>?handles=</c>. The call waits while
    /// that receiver has as many unread handles as it allows.
    /// </remarks>
    /// <param name="handle">
    /// The handle to send. The caller keeps it and may dispose it when this returns. Both processes then share the open file and its
    /// position.
    /// </param>
    /// <param name="message">The payload that accompanies the handle; may be empty.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// NotSupported: the transport or framing cannot carry handles, or the receiver accepts none. Timeout. PeerGone.
    /// </exception>
    /// <exception cref="ArgumentException">The handle is not open.</exception>
    public void SendHandle(
        SafeHandle handle,
        ReadOnlySpan<byte> message = default,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) => Outbox.SendHandle(handle, message, timeout, cancellationToken);

    /// <summary>Sends a message with an open file, socket or pipe (type 1). Completes when the message is buffered.</summary>
    /// <remarks>Otherwise like <see cref="SendHandle"/>.</remarks>
    /// <param name="handle">The handle to send. The caller keeps it and may dispose it when this returns.</param>
    /// <param name="message">The payload that accompanies the handle; may be empty. It must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. The message is then not sent.</param>
    /// <inheritdoc cref="SendHandle" path="/exception"/>
    public ValueTask SendHandleAsync(
        SafeHandle handle, ReadOnlyMemory<byte> message = default, CancellationToken cancellationToken = default) =>
        Outbox.SendHandleAsync(handle, message, cancellationToken);

    /// <summary>Returns this end as a writable <see cref="Stream"/>. Every call returns the same stream.</summary>
    /// <inheritdoc cref="Pair.AsStream" path="/remarks|/exception"/>
    public Stream AsStream() => StreamOf(canRead: false, canWrite: true);

    /// <summary>Returns memory to write a message into. Send the loan, or dispose it to return the memory.</summary>
    /// <param name="size">The most bytes to send; sending fewer is allowed.</param>
    /// <exception cref="FairleadException">TooLarge: no message can have this length.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for so many bytes.</exception>
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
