using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Framing;

namespace Fairlead;

/// <content>Several buffers as one request.</content>
public sealed partial class Requester
{
    /// <summary>Type 4: asks with several buffers as one request, and waits for the reply in this thread.</summary>
    /// <param name="request">Its buffers, in order; the caller's again when this returns.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public Message Request(
        in ReadOnlySequence<byte> request, RequestOptions options = default, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Outbox.CheckLength(request);
        Span<byte> space = stackalloc byte[16];
        HeadWriter head = Head(space, options.Timeout);
        Deadline deadline = Deadline.After(options.Timeout, Core.Settings.Time);
        return ToReply(
            Outbox.Call(
                MessageHeader.Of(MessageKind.Request, flags: options.Flags), head.Written, default, deadline, cancellationToken, request),
            options.Timeout);
    }

    /// <summary>Type 3: asks with several buffers as one request; the task completes when the reply is in.</summary>
    /// <param name="request">Its buffers, in order; must stay as they are until completion.</param>
    /// <param name="options">How long to wait, and whether the request may be repeated.</param>
    /// <param name="cancellationToken">Ends the wait; the responder is told.</param>
    /// <inheritdoc cref="Request(ReadOnlySpan{byte}, TimeSpan?, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<Message> RequestAsync(
        in ReadOnlySequence<byte> request, RequestOptions options = default, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Message>(cancellationToken);
        }

        Outbox.CheckLength(request);
        Span<byte> space = stackalloc byte[16];
        HeadWriter head = Head(space, options.Timeout);
        return FinishAsync(
            Outbox.CallAsync(
                MessageHeader.Of(MessageKind.Request, flags: options.Flags),
                head.Written,
                default,
                default,
                options.Timeout,
                cancellationToken,
                request),
            options.Timeout);
    }
}
