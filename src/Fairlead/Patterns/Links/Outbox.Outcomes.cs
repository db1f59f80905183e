using System.Diagnostics;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <content>The outcome of a message for its sender: a result, a receipt, or an error.</content>
internal readonly partial struct Outbox
{
    /// <summary>Returns the error of a call whose message was not sent or whose answer did not arrive.</summary>
    public FairleadException Failure(in LinkResult result, TimeSpan? timeout)
    {
        Link? link = Link.Of(result.PeerLink);
        if (result.Outcome == LinkOutcome.TimedOut)
        {
            string what = !result.WasSent
                ? link is null
                    ? "no peer connected"
                    : link.Connection.Room?.Awaited ?? link.LinkSender.WhyItWaits()
                : result.WasRead
                    ? "the peer read the message but did not answer"
                    : "no answer to the message, which was sent but perhaps not read, arrived";
            return new FairleadException(ErrorCode.Timeout, $"{what} within {SecondsText.Of(timeout)}")
            {
                Address = core.Address,
                Peer = link?.Peer,
            };
        }

        if (result.Outcome is LinkOutcome.Full or LinkOutcome.Dropped)
        {
            return new FairleadException(
                ErrorCode.Full,
                link is null ? "no peer is connected yet" : "the queue is full, because the peer has not read enough",
                "Send the message later, or choose another ?full= than fail.")
            {
                Address = core.Address,
                Peer = link?.Peer,
            };
        }

        if (link is { End: null })
        {
            // Its end can be read now, together with earlier acknowledgements of the peer.
            core.Pump.TryTurn();
        }

        return link is null ? core.Presence.EndException() : link.EndException();
    }

    public static Delivery ToDelivery(in LinkResult result, TimeSpan? timeout)
    {
        switch (result.Outcome)
        {
            case LinkOutcome.Answered:
                Incoming answer = result.Answer;
                ReadOnlySpan<byte> receipt = answer.Payload.Span;
                Delivery delivery = ToDelivery(receipt, timeout);
                answer.Release();
                return delivery;
            case LinkOutcome.TimedOut:
                string hindrance = result.PeerLink?.Endpoint.Hindrance is { } why ? $" ({why})" : "";
                string within = $"within {SecondsText.Of(timeout)}{hindrance}";
                return !result.WasSent
                    ? new Delivery(DeliveryStatus.NotDelivered, $"the message could not be sent {within}", ErrorCode.Timeout)
                    : result.WasRead
                        ? new Delivery(
                            DeliveryStatus.Unknown, $"the receiver read the message but sent no receipt {within}", ErrorCode.Timeout)
                    : new Delivery(
                        DeliveryStatus.Unknown,
                        $"no receipt arrived {within}; the message was sent and cancelled, and may have been read in between",
                        ErrorCode.Timeout);
            case LinkOutcome.Full:
                return new Delivery(
                    DeliveryStatus.NotDelivered,
                    result.PeerLink is null
                        ? "no peer was connected, and ?full=fail does not wait for one"
                        : "the queue was full, and ?full=fail does not wait",
                    ErrorCode.Full);
            case LinkOutcome.Dropped:
                return new Delivery(DeliveryStatus.NotDelivered, "the queue was full, and the message was dropped", ErrorCode.Full);
            default:
                bool isQueue = result.PeerLink?.PeerPattern == PatternKind.WorkQueue;
                string who = isQueue ? "the work queue" : "the receiver";
                string end = result.PeerLink is { HasPeerClosed: true } ? "closed" : "was lost";
                return result.WasSent && result.WasRead
                    ? new Delivery(
                        DeliveryStatus.Unknown,
                        $"{who} {end} before it sent a receipt, and "
                            + $"{(isQueue ? "a worker may have processed the item" : "the receiver may have read the message")}",
                        ErrorCode.PeerGone)
                    : new Delivery(
                        DeliveryStatus.NotDelivered,
                        result.WasSent
                            ? $"{who} {end} before it {(isQueue ? "took the item" : "read the message")}"
                            : $"{who} {(end == "closed" ? "has closed" : "is gone")}",
                        ErrorCode.PeerGone);
        }
    }

    private static Delivery ToDelivery(ReadOnlySpan<byte> receipt, TimeSpan? timeout)
    {
        string? reason = receipt.Length > 1 ? Encoding.UTF8.GetString(receipt[1..]) : null;
        return (ReceiptStatus)(receipt.Length > 0 ? receipt[0] : (byte)ReceiptStatus.NotDelivered) switch
        {
            ReceiptStatus.Accepted => new Delivery(DeliveryStatus.Delivered),
            ReceiptStatus.TakenBack => new Delivery(
                DeliveryStatus.NotDelivered,
                $"the message was not read within {SecondsText.Of(timeout)}, and was cancelled",
                ErrorCode.Timeout),
            ReceiptStatus.Closed => new Delivery(
                DeliveryStatus.NotDelivered, reason ?? "the receiver closed before it took the message", ErrorCode.PeerGone),
            ReceiptStatus.Unknown => new Delivery(
                DeliveryStatus.Unknown, reason ?? "a lost worker may have processed the item", ErrorCode.PeerGone),

            // A status of a later version does not count as acceptance.
            _ => new Delivery(DeliveryStatus.NotDelivered, reason ?? "the receiver did not accept the message"),
        };
    }

    /// <summary>Returns the code of an error answer. Missing and unknown codes mean the handler's own failure.</summary>
    public static ErrorCode CodeOf(ReadOnlySpan<byte> error) =>
        error.Length > 0 && Enum.IsDefined((ErrorCode)error[0]) ? (ErrorCode)error[0] : ErrorCode.Failed;

    private static bool IsAccepted(ReadOnlySpan<byte> receipt) => receipt.Length > 0 && receipt[0] == (byte)ReceiptStatus.Accepted;

    private SendResult ToSendResult(LinkOutcome outcome) => outcome switch
    {
        LinkOutcome.Sent => SendResult.Sent,
        LinkOutcome.Full or LinkOutcome.Dropped => SendResult.Full,
        _ => core.Presence.AwaitsPeers ? SendResult.NoPeer : SendResult.PeerGone,
    };

    public void ThrowUnlessSent(in LinkResult result, TimeSpan? timeout)
    {
        if (result.Outcome != LinkOutcome.Sent)
        {
            throw Failure(result, timeout);
        }
    }

    private static async Task<LinkResult> ObserveAsync(
        ValueTask<LinkResult> task, Activity? activity, long began, MessageKind kind, KeyValuePair<string, object?>[] tags)
    {
        using (activity)
        {
            LinkResult result = await task.ConfigureAwait(false);
            string? error = ErrorType(result);
            if (error is not null)
            {
                activity?.SetStatus(ActivityStatusCode.Error, error);
            }

            OperationMeter.EndCall(began, kind, tags, error);
            return result;
        }
    }

    /// <summary>Returns the error for measurements: the outcome of the message, or the code of the peer's answer.</summary>
    private static string? ErrorType(in LinkResult result)
    {
        if (result.Outcome != LinkOutcome.Answered)
        {
            return result.Outcome == LinkOutcome.Sent ? null : result.Outcome.ToString();
        }

        ReadOnlySpan<byte> answer = result.Answer.Payload.Span;
        return result.Answer.Header.Kind switch
        {
            MessageKind.Error => CodeOf(answer).ToString(),
            MessageKind.Receipt => IsAccepted(answer) ? null : nameof(DeliveryStatus.NotDelivered),
            _ => null,
        };
    }
}
