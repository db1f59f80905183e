using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>The sending half of a pattern: the same for all that send. It waits for a peer where the endpoint is bound and has none, and for credit.</summary>
internal readonly partial struct Outbox(EndpointCore core)
{
    /// <summary>Whether messages carry the current trace: foreign programs would take it for a part of the message.</summary>
    private bool IsTraced => Tracing.IsOn && !core.Settings.IsBare;

    /// <summary>Whether a message that has not been sent may go to another peer, or to the same when it is back: not where it might wait for what lies here unread.</summary>
    private bool IsMovable(MessageKind kind) => kind == MessageKind.Request || (!core.IsBound && core.Profile.Takes.Length == 0);

    /// <summary>Buffers a message if that goes at once.</summary>
    public SendResult TrySend(MessageKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        if (core.Policy.Drops())
        {
            return ToSendResult(Post(null, kind, head, payload, mayDrop: false).Outcome);
        }

        ThrowIfClosing();
        if (core.TheLink is not { } link)
        {
            return core.AwaitsPeers ? SendResult.NoPeer : SendResult.PeerGone;
        }

        return TrySendOn(link, kind, head, payload);
    }

    public SendResult TrySendOn(Link link, MessageKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        long start = OperationMeter.StartCall();
        using Activity? activity = Tracing.StartSend(kind, core.Address);
        Span<byte> space = stackalloc byte[IsTraced ? head.Length + Tracing.HeadBytes : 0];
        scoped ReadOnlySpan<byte> whole = space.IsEmpty ? head : Tracing.Extend(head, space);
        link.Check(payload, whole.Length);
        MessageHeader header = MessageHeader.Of(kind);
        LinkOutcome outcome = link.TrySend(header, whole, payload);
        if (outcome == LinkOutcome.Full)
        {
            // The acknowledgements may be there already, and nobody has read them.
            core.CatchUp();
            outcome = link.TrySend(header, whole, payload);
        }
        else if (link.ShouldLookForAcks())
        {
            core.PumpOnce();
        }

        if (outcome == LinkOutcome.Sent)
        {
            // What did not go at once is measured where it waits.
            OperationMeter.EndCall(start, kind, core.MeterTags, null);
        }

        return ToSendResult(outcome);
    }

    /// <summary>Buffers a message, waiting in this thread for a peer and for credit.</summary>
    public void Send(ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        if (core.Policy.Drops())
        {
            PostOrThrow(null, payload);
            return;
        }

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

        if (core.Policy.Drops())
        {
            return PostAsync(null, payload);
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

        if (core.Policy.Drops())
        {
            return PostAsync(null, payload.Span);
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

    /// <summary>Sends in this thread, to the peer or, where none is there yet, the first that comes, and waits until the message is buffered or its answer is in.</summary>
    public LinkResult Call(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, Deadline deadline, CancellationToken token) =>
        CallOn(null, header, head, payload, deadline, token);

    public unsafe LinkResult CallOn(Link? link, MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, Deadline deadline, CancellationToken token)
    {
        ThrowIfClosing();
        long began = OperationMeter.StartCall();
        TimeSpan recall = deadline.IsInfinite ? TimeSpan.Zero : LinkOperation.RecallBefore(header.Kind, deadline.Remaining);
        bool isMovable = link is null && IsMovable(header.Kind);
        link ??= core.TheLink;
        using Activity? activity = Tracing.StartSend(header.Kind, core.Address);
        Span<byte> space = stackalloc byte[IsTraced ? head.Length + Tracing.HeadBytes : 0];
        scoped ReadOnlySpan<byte> whole = space.IsEmpty ? head : Tracing.Extend(head, space);
        link?.Check(payload, whole.Length);
        LookForRoom(link, whole.Length + payload.Length);
        LinkOperation operation = LinkOperation.Rent(core, isBlocking: true, header, whole);
        operation.IsMovable = isMovable;
        operation.Deadline = deadline;
        fixed (byte* start = payload)
        {
            BorrowedMemory borrowed = BorrowedMemory.Rent(start, payload.Length);
            operation.Borrow(borrowed.Memory);
            Start(operation, link);
            if (payload.Length >= Link.LongPayload)
            {
                operation.Link?.Push(operation);
            }

            if (!Wait(operation, deadline, recall, token))
            {
                operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
            }

            // The operation has ended, and with it the loan.
            try
            {
                LinkResult result = operation.Take();
                OperationMeter.EndCall(began, header.Kind, core.MeterTags, began == 0 ? null : ErrorType(result));
                return result;
            }
            finally
            {
                borrowed.GiveBack();
            }
        }
    }

    /// <summary>Waits for the answer, and asks the message back shortly before the end, if nobody has read it by then.</summary>
    private bool Wait(LinkOperation operation, Deadline deadline, TimeSpan recall, CancellationToken token)
    {
        if (recall > TimeSpan.Zero)
        {
            if (core.Wait(operation, deadline.Before(recall), token))
            {
                return true;
            }

            if (!token.IsCancellationRequested)
            {
                operation.Recall();
            }
        }

        return core.Wait(operation, deadline, token);
    }

    /// <summary>Either a span, which is copied where it must wait, or memory, which is borrowed.</summary>
    public ValueTask<LinkResult> CallAsync(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, TimeSpan? timeout, CancellationToken token) =>
        CallOnAsync(null, header, head, span, memory, timeout, token);

    /// <summary>To this link, or null: to the one whose turn it is.</summary>
    public ValueTask<LinkResult> CallOnAsync(Link? link, MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, TimeSpan? timeout, CancellationToken token)
    {
        ThrowIfClosing();
        long began = OperationMeter.StartCall();
        bool isMovable = link is null && IsMovable(header.Kind);
        link ??= core.TheLink;
        Activity? before = Activity.Current;
        Activity? activity = Tracing.StartSend(header.Kind, core.Address);
        Span<byte> space = stackalloc byte[IsTraced ? head.Length + Tracing.HeadBytes : 0];
        scoped ReadOnlySpan<byte> whole = space.IsEmpty ? head : Tracing.Extend(head, space);
        try
        {
            link?.Check(span.IsEmpty ? memory.Span : span, whole.Length);
        }
        catch when (activity is not null)
        {
            activity.Dispose();
            Activity.Current = before;
            throw;
        }

        LookForRoom(link, whole.Length + span.Length + memory.Length);
        bool leads = link is not null && header.Kind is MessageKind.Request or MessageKind.Deliver && core.TryLeadBriefly();
        LinkOperation operation = LinkOperation.Rent(core, isBlocking: false, header, whole);
        operation.IsMovable = isMovable;
        operation.Deadline = Deadline.After(timeout, core.Settings.Time);
        if (span.IsEmpty)
        {
            operation.Borrow(memory);
        }
        else
        {
            operation.Copy(span);
        }

        operation.Link = link;
        ValueTask<LinkResult> task = operation.Task;
        operation.WatchFor(timeout, core.Settings.Time, token);
        Start(operation, link);
        if (leads)
        {
            core.LeadBriefly(operation);
        }

        if (activity is null && began == 0)
        {
            return task;
        }

        if (activity is not null)
        {
            // The span goes on until the answer; the caller's own is current again when this returns.
            Activity.Current = before;
        }

        return ObserveAsync(task, activity, began, header.Kind, core.MeterTags);
    }

    /// <summary>Before a queue is called full: the acknowledgements may be there already, and nobody has read them.</summary>
    private void LookForRoom(Link? link, int length)
    {
        if (link is not null && link.Policy != FullMode.Wait && !link.HasRoom(length))
        {
            core.CatchUp();
        }
    }

    private static async ValueTask<LinkResult> ObserveAsync(ValueTask<LinkResult> task, Activity? activity, long began, MessageKind kind, KeyValuePair<string, object?>[] tags)
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

    /// <summary>What went wrong, for those who measure: what happened to the message, or the code of the peer's answer.</summary>
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

    private void Start(LinkOperation operation, Link? link)
    {
        if (link is null)
        {
            Completions completions = Completions.Rent();
            try
            {
                link = core.LinkFor(operation, completions);
            }
            catch (ObjectDisposedException disposed)
            {
                operation.Withdraw(disposed);
                return;
            }
            finally
            {
                completions.Run(inline: false);
            }
        }

        if (link is not null)
        {
            operation.Link = link;
            link.Start(operation);
        }
        else if (core.AwaitsPeers)
        {
            core.RequestPump();
        }
        else
        {
            operation.EndUnsent();
        }
    }

    /// <summary>Blocking, to one of many peers.</summary>
    public void SendOn(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        ThrowUnlessSent(CallOn(link, MessageHeader.Of(MessageKind.Send), default, payload, Deadline.After(timeout, core.Settings.Time), token), timeout);

    public ValueTask SendOnAsync(Link link, ReadOnlySpan<byte> payload, CancellationToken token) =>
        FinishSendAsync(CallOnAsync(link, MessageHeader.Of(MessageKind.Send), default, payload, default, null, token));

    public Delivery DeliverOn(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        return ToDelivery(CallOn(link, MessageHeader.Of(MessageKind.Deliver), default, payload, Deadline.After(timeout, core.Settings.Time), token), timeout);
    }

    public ValueTask<Delivery> DeliverOnAsync(Link link, ReadOnlySpan<byte> payload, TimeSpan? timeout, CancellationToken token) =>
        token.IsCancellationRequested ? ValueTask.FromCanceled<Delivery>(token)
        : FinishDeliverAsync(CallOnAsync(link, MessageHeader.Of(MessageKind.Deliver), default, payload, default, timeout, token), timeout);

    /// <summary>Receipts need Fairlead's protocol at the other end.</summary>
    public void RequireProtocol()
    {
        if (core.Settings.IsBare)
        {
            throw new FairleadException(ErrorCode.NotSupported, "a program that does not speak Fairlead's protocol gives no receipts", "Send without one, or leave ?framing= away at both ends.") { Address = core.Address };
        }
    }

    public void ThrowIfClosing() => core.ThrowIfClosing();

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
}
