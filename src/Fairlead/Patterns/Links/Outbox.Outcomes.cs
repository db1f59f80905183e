using System.Text;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What became of a message, in the words of its sender: a result, a receipt, or an error.</content>
internal readonly partial struct Outbox
{
    /// <summary>The error of a call whose message did not get away or whose answer did not come.</summary>
    public FairleadException Failure(in LinkResult result, TimeSpan? timeout)
    {
        Link? link = result.Link;
        if (result.Outcome == LinkOutcome.TimedOut)
        {
            string what = !result.WasSent
                ? link is null
                    ? "no peer came"
                    : link.Connection.Room?.Awaited ?? "the peer gave no credit: it does not read"
                : result.WasRead
                    ? "the peer has read the message and not answered"
                    : "there was no answer; the message was sent, and may not have been read";
            return new FairleadException(ErrorCode.Timeout, $"{what} within {timeout?.TotalSeconds ?? 0:0.###} s")
            {
                Address = core.Address,
                Peer = link?.Peer,
            };
        }

        if (result.Outcome is LinkOutcome.Full or LinkOutcome.Dropped)
        {
            return new FairleadException(
                ErrorCode.Full,
                link is null ? "no peer is there yet that could take the message" : "the queue is full: the peer has not read enough",
                "Send it later, or choose another ?full= than fail.")
            {
                Address = core.Address,
                Peer = link?.Peer,
            };
        }

        if (link is { End: null })
        {
            // Its end is there to be read, with what the peer acknowledged before.
            core.Pump.TryTurn();
        }

        return link is null ? core.Presence.EndException() : core.Presence.EndException(link);
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
                string within = $"within {timeout?.TotalSeconds ?? 0:0.###} s";
                return !result.WasSent
                    ? new Delivery(DeliveryStatus.NotDelivered, $"it could not be sent {within}", ErrorCode.Timeout)
                    : result.WasRead
                        ? new Delivery(DeliveryStatus.Unknown, $"the receiver has read it and gave no receipt {within}", ErrorCode.Timeout)
                    : new Delivery(
                        DeliveryStatus.Unknown,
                        $"no receipt came {within}; it was sent, taken back, and may have been read in between",
                        ErrorCode.Timeout);
            case LinkOutcome.Full:
                return new Delivery(
                    DeliveryStatus.NotDelivered,
                    result.Link is null
                        ? "no peer was there, and ?full=fail waits for none"
                        : "the queue was full, and ?full=fail does not wait",
                    ErrorCode.Full);
            case LinkOutcome.Dropped:
                return new Delivery(DeliveryStatus.NotDelivered, "the queue was full, and the message was dropped", ErrorCode.Full);
            default:
                bool isQueue = result.Link?.PeerPattern == PatternKind.WorkQueue;
                string who = isQueue ? "the work queue" : "the receiver";
                string end = result.Link is { HasPeerClosed: true } ? "closed" : "was lost";
                return result.WasSent && result.WasRead
                    ? new Delivery(
                        DeliveryStatus.Unknown,
                        $"{who} {end} before it gave a receipt, and "
                            + $"{(isQueue ? "a worker may have done the item" : "may have read the message")}",
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
                $"nobody read it within {timeout?.TotalSeconds ?? 0:0.###} s, and it was taken back",
                ErrorCode.Timeout),
            ReceiptStatus.Closed => new Delivery(
                DeliveryStatus.NotDelivered, reason ?? "the receiver closed before it took the message", ErrorCode.PeerGone),
            ReceiptStatus.Unknown => new Delivery(
                DeliveryStatus.Unknown, reason ?? "somebody who was lost may have done it", ErrorCode.PeerGone),

            // A status of a later version is at least no acceptance.
            _ => new Delivery(DeliveryStatus.NotDelivered, reason ?? "the receiver did not accept it"),
        };
    }

    /// <summary>The code of an answer that is an error: a later version's, and none, are the handler's own failure.</summary>
    public static ErrorCode CodeOf(ReadOnlySpan<byte> error) =>
        error.Length > 0 && Enum.IsDefined((ErrorCode)error[0]) ? (ErrorCode)error[0] : ErrorCode.Failed;

    private static bool IsAccepted(ReadOnlySpan<byte> receipt) => receipt.Length > 0 && receipt[0] == (byte)ReceiptStatus.Accepted;

    private SendResult ToSendResult(LinkOutcome outcome) => outcome switch
    {
        LinkOutcome.Sent => SendResult.Sent,
        LinkOutcome.Full or LinkOutcome.Dropped => SendResult.Full,
        _ => core.Presence.AwaitsPeers ? SendResult.NoPeer : SendResult.PeerGone,
    };

    private void ThrowUnlessSent(in LinkResult result, TimeSpan? timeout)
    {
        if (result.Outcome != LinkOutcome.Sent)
        {
            throw Failure(result, timeout);
        }
    }
}
