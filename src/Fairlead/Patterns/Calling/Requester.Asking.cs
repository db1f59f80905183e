using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;
using Fairlead.Patterns.Calling;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <content>From a request to its reply, or to the reason why there is none.</content>
public sealed partial class Requester
{
    private const int LongestHead = 16;

    private Message Ask(in OutgoingPayload request, MessageFlags flags, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ReadOnlySpan<byte> head = Head(stackalloc byte[LongestHead], timeout);
        Deadline deadline = Deadline.After(timeout, Core.Settings.Time);
        MessageCore? reply = null;
        if (request.IsGathered
            || !Outbox.TryCallDirect(flags, head, request.Span, deadline, cancellationToken, out reply, out LinkResult result))
        {
            OutgoingMessage message = new(MessageHeader.Of(MessageKind.Request, flags: flags), head, request);
            result = Outbox.Call(null, message, deadline, cancellationToken);
        }

        return reply is not null ? new Message(reply) : ToReply(result, timeout);
    }

    /// <summary>Asks this responder or, with null, the next one. A span is copied if it has to wait.</summary>
    private ValueTask<Message> AskAsync(
        in OutgoingPayload request,
        MessageFlags flags,
        in TimeSpan? timeout,
        CancellationToken cancellationToken,
        Link? link = null)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Message>(cancellationToken);
        }

        if (link is null && timeout is null && Outbox.TryBeginBeside(flags, request, cancellationToken) is { } operation)
        {
            return PendingReply.Of(operation, null);
        }

        return AskInAnyCaseAsync(request, flags, timeout, link, cancellationToken);
    }

    private ValueTask<Message> AskInAnyCaseAsync(
        in OutgoingPayload request, MessageFlags flags, in TimeSpan? timeout, Link? link, CancellationToken cancellationToken)
    {
        ReadOnlySpan<byte> head = Head(stackalloc byte[LongestHead], timeout);
        MessageCore? reply = null;
        if (link is not null
            || request.IsGathered
            || !Outbox.TryCallDirectAsync(
                flags, head, request.Span, timeout, cancellationToken, out reply, out StartedCall call))
        {
            OutgoingMessage message = new(MessageHeader.Of(MessageKind.Request, flags: flags), head, request);
            call = Outbox.Begin(link, message, timeout, cancellationToken);
        }

        return reply is not null ? new ValueTask<Message>(new Message(reply)) : TaskOf(call, timeout);
    }

    /// <summary>Sends a request with further fields of its head, for a bridge. The task completes when the reply arrives.</summary>
    internal ValueTask<Message> AskAsync(
        ReadOnlySpan<byte> request, ReadOnlySpan<byte> fields, RequestOptions options, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Message>(cancellationToken);
        }

        TimeSpan? timeout = options.Timeout;
        Span<byte> space = new byte[fields.Length + LongestHead];
        fields.CopyTo(space);
        int length = fields.Length + Head(space[fields.Length..], timeout).Length;
        OutgoingMessage message = new(MessageHeader.Of(MessageKind.Request, flags: options.Flags), space[..length], request);
        return TaskOf(Outbox.Begin(null, message, timeout, cancellationToken), timeout);
    }

    private static ReadOnlySpan<byte> Head(Span<byte> space, in TimeSpan? timeout)
    {
        if (timeout is not { } span || span == Timeout.InfiniteTimeSpan)
        {
            return default;
        }

        HeadWriter head = new(space);
        head.Add(HeadField.Deadline, (ulong)Math.Max(0, span.TotalMicroseconds));
        return head.Written;
    }

    private ValueTask<Message> TaskOf(StartedCall call, in TimeSpan? timeout) =>
        call.Operation is { } operation ? PendingReply.Of(operation, timeout) : FinishAsync(call.Observed!, timeout);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Message> FinishAsync(Task<LinkResult> call, TimeSpan? timeout)
    {
        LinkResult result = await call.ConfigureAwait(false);
        return ToReply(result, timeout);
    }

    /// <summary>Whether a request got its reply, and not an error.</summary>
    internal static bool IsReply(in LinkResult result) =>
        result.Outcome == LinkOutcome.Answered && result.Answer.Header.Kind == MessageKind.Reply;

    /// <summary>Returns the reply to a request, or throws why there is none.</summary>
    internal Message ToReply(in LinkResult result, TimeSpan? timeout)
    {
        if (result.Outcome != LinkOutcome.Answered)
        {
            throw Failure(result, timeout);
        }

        Incoming answer = result.Answer;
        if (answer.Header.Kind == MessageKind.Reply)
        {
            return new Message(MessageCore.Rent(Link.Of(result.PeerLink!).LinkReceiver.InHand, answer));
        }

        try
        {
            ReadOnlySpan<byte> error = answer.Payload.Span;
            ErrorCode code = Outbox.CodeOf(error);
            string text = error.Length > 1 ? Encoding.UTF8.GetString(error[1..]) : "the responder answered with an error and no text";
            throw new FairleadException(code, text)
            {
                Address = Address,
                Peer = result.PeerLink?.Peer,

                // The handler had begun when the time was over.
                Delivery = code == ErrorCode.Timeout ? DeliveryStatus.Unknown : null,
            };
        }
        finally
        {
            answer.Release();
        }
    }

    /// <summary>Returns the error, with its meaning for the request itself.</summary>
    private FairleadException Failure(in LinkResult result, TimeSpan? timeout)
    {
        FairleadException error = Outbox.Failure(result, timeout);
        bool isUnknown = result.WasSent && (result.WasRead || result.Outcome == LinkOutcome.TimedOut);
        string what = error.Code == ErrorCode.Timeout ? ""
            : isUnknown ? "; the request may have been executed"
            : "; the request was not executed";
        return error.Meaning(isUnknown ? DeliveryStatus.Unknown : DeliveryStatus.NotDelivered, what);
    }
}
