using System.Runtime.CompilerServices;
using System.Text;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>The sending half of a pattern: the same for all that send. It waits for a peer where the endpoint is bound and has none, and for credit.</summary>
internal readonly struct Outbox(EndpointCore core)
{
    /// <summary>Buffers a message if that goes at once.</summary>
    public SendResult TrySend(MessageKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        ThrowIfClosing();
        if (core.TheLink is not { } link)
        {
            return core.IsBound ? SendResult.NoPeer : SendResult.PeerGone;
        }

        return TrySendOn(link, kind, head, payload);
    }

    public SendResult TrySendOn(Link link, MessageKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        link.Check(payload);
        MessageHeader header = MessageHeader.Of(kind);
        LinkOutcome outcome = link.TrySend(header, head, payload);
        if (outcome == LinkOutcome.Full)
        {
            // The acknowledgements may be there already, and nobody has read them.
            core.PumpOnce();
            outcome = link.TrySend(header, head, payload);
        }
        else if (link.ShouldLookForAcks())
        {
            core.PumpOnce();
        }

        return outcome switch
        {
            LinkOutcome.Sent => SendResult.Sent,
            LinkOutcome.Full => SendResult.Full,
            _ => core.IsBound ? SendResult.NoPeer : SendResult.PeerGone,
        };
    }

    /// <summary>Buffers a message, waiting in this thread for a peer and for credit.</summary>
    public void Send(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        if (payload.Length < Link.LongPayload && TrySend(MessageKind.Send, default, payload) == SendResult.Sent)
        {
            return;
        }

        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkResult result = Call(MessageHeader.Of(MessageKind.Send), default, payload, deadline, token);
        ThrowUnlessSent(result, timeout);
    }

    public ValueTask SendAsync(ReadOnlySpan<byte> payload, CancellationToken token)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(token);
        }

        if (payload.Length < Link.LongPayload && TrySend(MessageKind.Send, default, payload) == SendResult.Sent)
        {
            return default;
        }

        // The span is the caller's only until we return: what must wait is copied.
        return FinishSendAsync(CallAsync(MessageHeader.Of(MessageKind.Send), default, payload, default, null, token));
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> payload, CancellationToken token)
    {
        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(token);
        }

        if (payload.Length < Link.LongPayload && TrySend(MessageKind.Send, default, payload.Span) == SendResult.Sent)
        {
            return default;
        }

        return FinishSendAsync(CallAsync(MessageHeader.Of(MessageKind.Send), default, default, payload, null, token));
    }

    public Delivery Deliver(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkResult result = Call(MessageHeader.Of(MessageKind.Deliver), default, payload, deadline, token);
        return ToDelivery(result, timeout);
    }

    public ValueTask<Delivery> DeliverAsync(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        token.IsCancellationRequested
            ? ValueTask.FromCanceled<Delivery>(token)
            : FinishDeliverAsync(CallAsync(MessageHeader.Of(MessageKind.Deliver), default, payload, default, timeout, token), timeout);

    public ValueTask<Delivery> DeliverAsync(ReadOnlyMemory<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        token.IsCancellationRequested
            ? ValueTask.FromCanceled<Delivery>(token)
            : FinishDeliverAsync(CallAsync(MessageHeader.Of(MessageKind.Deliver), default, default, payload, timeout, token), timeout);

    public LinkResult Call(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, Deadline deadline, CancellationToken token)
    {
        if (WaitForLink(deadline, token) is not { } link)
        {
            return new LinkResult { Outcome = core.IsBound || core.LastEnd is null ? LinkOutcome.TimedOut : LinkOutcome.PeerGone };
        }

        return CallOn(link, header, head, payload, deadline, token);
    }

    private unsafe LinkResult CallOn(Link link, MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, Deadline deadline, CancellationToken token)
    {
        link.Check(payload);
        LinkOperation operation = LinkOperation.Rent(link, isBlocking: true, header, head);
        fixed (byte* start = payload)
        {
            BorrowedMemory borrowed = BorrowedMemory.Rent(start, payload.Length);
            operation.Borrow(borrowed.Memory);
            link.Start(operation);
            if (payload.Length >= Link.LongPayload)
            {
                link.Push(operation);
            }

            if (!core.Wait(operation, deadline, token))
            {
                operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
            }

            // The operation has ended, and with it the loan.
            try
            {
                return operation.Take();
            }
            finally
            {
                borrowed.GiveBack();
            }
        }
    }

    /// <summary>Either a span, which is copied where it must wait, or memory, which is borrowed.</summary>
    public ValueTask<LinkResult> CallAsync(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, TimeSpan? timeout, CancellationToken token)
    {
        ThrowIfClosing();
        if (core.TheLink is not { } link)
        {
            return core.IsBound
                ? CallWhenUpAsync(core, header, head.ToArray(), span.IsEmpty ? memory : span.ToArray(), timeout, token)
                : new ValueTask<LinkResult>(new LinkResult { Outcome = LinkOutcome.PeerGone });
        }

        return CallOnAsync(link, header, head, span, memory, timeout, token);
    }

    private ValueTask<LinkResult> CallOnAsync(Link link, MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, TimeSpan? timeout, CancellationToken token)
    {
        link.Check(span.IsEmpty ? memory.Span : span);
        bool leads = header.Kind is MessageKind.Request or MessageKind.Deliver && core.TryLeadBriefly();
        LinkOperation operation = LinkOperation.Rent(link, isBlocking: false, header, head);
        if (span.IsEmpty)
        {
            operation.Borrow(memory);
        }
        else
        {
            operation.Copy(span);
        }

        ValueTask<LinkResult> task = operation.Task;
        operation.WatchFor(timeout, core.Settings.Time, token);
        link.Start(operation);
        if (leads)
        {
            core.LeadBriefly(operation);
        }

        return task;
    }

    /// <summary>Blocking, to one of many peers.</summary>
    public void SendOn(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        ThrowUnlessSent(CallOn(link, MessageHeader.Of(MessageKind.Send), default, payload, Deadline.After(timeout, core.Settings.Time), token), timeout);

    public ValueTask SendOnAsync(Link link, ReadOnlySpan<byte> payload, CancellationToken token) =>
        FinishSendAsync(CallOnAsync(link, MessageHeader.Of(MessageKind.Send), default, payload, default, null, token));

    public ValueTask<Delivery> DeliverOnAsync(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        FinishDeliverAsync(CallOnAsync(link, MessageHeader.Of(MessageKind.Deliver), default, payload, default, timeout, token), timeout);

    /// <summary>Receipts need Fairlead's protocol at the other end.</summary>
    public void RequireProtocol()
    {
        if (core.Settings.IsBare)
        {
            throw new FairleadException(ErrorCode.NotSupported, "a program that does not speak Fairlead's protocol gives no receipts", "Send without one, or leave ?framing= away at both ends.") { Address = core.Address };
        }
    }

    public void ThrowIfClosing() => ObjectDisposedException.ThrowIf(core.IsClosing, core.Profile.Name);

    /// <summary>The error of a call whose message did not get away or whose answer did not come.</summary>
    public FairleadException Failure(in LinkResult result, TimeSpan? timeout)
    {
        Link? link = result.Link;
        if (result.Outcome == LinkOutcome.TimedOut)
        {
            string what = !result.WasSent
                ? link is null && core.IsBound ? "no peer came" : "the peer gave no credit: it does not read"
                : result.WasRead ? "the peer has read the message and not answered" : "there was no answer; the message was sent, and may not have been read";
            return new FairleadException(ErrorCode.Timeout, $"{what} within {timeout?.TotalSeconds ?? 0:0.###} s") { Address = core.Address, Peer = link?.Peer };
        }

        if (link is { End: null })
        {
            // Its end is there to be read, with what the peer acknowledged before.
            core.PumpOnce();
        }

        if (link is { End: null, State: LinkState.PeerClosed })
        {
            return new LinkEnd(CloseReason.ClosedByPeer, null) { Peer = link.Peer }.ToException(core.Address);
        }

        if (link?.End is { } end && link.Failure is null)
        {
            return end.ToException(core.Address);
        }

        return core.EndException();
    }

    public static Delivery ToDelivery(in LinkResult result, TimeSpan? timeout)
    {
        switch (result.Outcome)
        {
            case LinkOutcome.Answered:
                Incoming answer = result.Answer;
                ReadOnlySpan<byte> receipt = answer.Payload.Span;
                Delivery delivery = receipt.Length > 0 && receipt[0] == (byte)ReceiptStatus.Accepted
                    ? new Delivery(DeliveryStatus.Delivered)
                    : new Delivery(DeliveryStatus.NotDelivered, receipt.Length > 1 ? Encoding.UTF8.GetString(receipt[1..]) : "the receiver did not accept it");
                answer.Release();
                return delivery;
            case LinkOutcome.TimedOut:
                string within = $"within {timeout?.TotalSeconds ?? 0:0.###} s";
                return !result.WasSent
                    ? new Delivery(DeliveryStatus.NotDelivered, $"it could not be sent {within}", ErrorCode.Timeout)
                    : result.WasRead
                    ? new Delivery(DeliveryStatus.Unknown, $"the receiver has read it and gave no receipt {within}", ErrorCode.Timeout)
                    : new Delivery(DeliveryStatus.Unknown, $"no receipt came {within}; it was sent, taken back, and may have been read in between", ErrorCode.Timeout);
            default:
                return result.WasSent && result.WasRead
                    ? new Delivery(DeliveryStatus.Unknown, "the receiver was lost before it gave a receipt, and may have read the message", ErrorCode.PeerGone)
                    : new Delivery(DeliveryStatus.NotDelivered, result.WasSent ? "the receiver was lost before it read the message" : "the receiver is gone", ErrorCode.PeerGone);
        }
    }

    private void ThrowUnlessSent(in LinkResult result, TimeSpan? timeout)
    {
        if (result.Outcome != LinkOutcome.Sent)
        {
            throw Failure(result, timeout);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishSendAsync(ValueTask<LinkResult> call)
    {
        Outbox self = this;
        LinkResult result = await call.ConfigureAwait(false);
        self.ThrowUnlessSent(result, null);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Delivery> FinishDeliverAsync(ValueTask<LinkResult> call, TimeSpan? timeout)
    {
        LinkResult result = await call.ConfigureAwait(false);
        return ToDelivery(result, timeout);
    }

    private Link? WaitForLink(Deadline deadline, CancellationToken token)
    {
        ThrowIfClosing();
        if (core.TheLink is { } link || !core.IsBound)
        {
            return core.TheLink;
        }

        LinkWaitOperation operation = LinkWaitOperation.Rent(core, isBlocking: true);
        core.AddLinkWaiter(operation);
        if (!core.Wait(operation, deadline, token))
        {
            operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
        }

        return operation.Take();
    }

    private static async ValueTask<LinkResult> CallWhenUpAsync(EndpointCore core, MessageHeader header, byte[] head, ReadOnlyMemory<byte> payload, TimeSpan? timeout, CancellationToken token)
    {
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkWaitOperation wait = LinkWaitOperation.Rent(core, isBlocking: false);
        ValueTask<Link?> task = wait.Task;
        wait.WatchFor(timeout, core.Settings.Time, token);
        core.AddLinkWaiter(wait);
        core.RequestPump();
        if (await task.ConfigureAwait(false) is null)
        {
            return new LinkResult { Outcome = LinkOutcome.TimedOut };
        }

        return await new Outbox(core).CallAsync(header, head, default, payload, timeout is null ? null : deadline.Remaining, token).ConfigureAwait(false);
    }
}
