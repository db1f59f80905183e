using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links;

/// <content>Messages whose senders wait for an answer.</content>
internal readonly partial struct Outbox
{
    /// <summary>Sends, and blocks until the message is buffered or its answer has arrived. Waits for a peer if there is none.</summary>
    /// <param name="link">The link; null for the next one in the round robin.</param>
    /// <param name="message">The message. Its memory stays in place until this returns.</param>
    /// <param name="deadline">When the caller gives up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public unsafe LinkResult Call(
        Link? link, in OutgoingMessage message, Deadline deadline, CancellationToken cancellationToken)
    {
        ThrowIfClosing();
        MessageKind kind = message.Header.Kind;
        long began = OperationMeter.StartCall();
        TimeSpan recall = deadline.IsInfinite ? TimeSpan.Zero : LinkOperation.RecallBefore(kind, deadline.Remaining);
        bool isMovable = link is null && IsMovable(kind);
        link ??= core.Placement.SingleLink;
        using Activity? activity = Tracing.StartSend(kind, core.Address);
        LinkOperation operation = Prepare(link, message, isMovable, isBlocking: true, deadline);
        fixed (byte* start = message.Payload.Span)
        {
            BorrowedMemory borrowed = BorrowedMemory.Rent(start, message.Payload.Span.Length);
            if (message.Payload.IsGathered)
            {
                operation.Borrow(message.Payload);
            }
            else
            {
                operation.Borrow(borrowed.Memory);
            }

            // However this block is left, the operation and its borrowed memory have ended.
            try
            {
                try
                {
                    StartCall(operation, link);
                    if (message.Payload.Length >= LinkOutput.LongPayload)
                    {
                        Link.Of(operation.PeerLink)?.LinkSender.Push(operation);
                    }

                    if (!Wait(operation, deadline, recall, cancellationToken))
                    {
                        operation.Withdraw(
                            cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : null);
                    }
                }
                catch (Exception exception)
                {
                    operation.Withdraw(exception);
                    operation.Take().Answer.Release();
                    throw;
                }

                LinkResult result = operation.Take();
                OperationMeter.EndCall(began, kind, core.MeterTags, began == 0 ? null : ErrorType(result));
                return result;
            }
            finally
            {
                borrowed.GiveBack();
            }
        }
    }

    /// <summary>Checks a message, and rents the operation of its caller. Nothing is sent, and the payload is not in it yet.</summary>
    private LinkOperation Prepare(Link? link, in OutgoingMessage message, bool isMovable, bool isBlocking, Deadline deadline)
    {
        int length = message.Payload.Length;
        Span<byte> space = stackalloc byte[SpaceForTrace(link, message.Head.Length, length)];
        scoped ReadOnlySpan<byte> head = space.IsEmpty ? message.Head : Tracing.Extend(message.Head, space);
        Check(link, message.Payload, head.Length);
        LookForRoom(link, head.Length + length);
        LinkOperation operation = LinkOperation.Rent(core, isBlocking, message.Header, head);
        operation.IsMovable = isMovable && message.Handle is null;
        operation.Handle = message.Handle;
        operation.Deadline = deadline;
        return operation;
    }

    /// <summary>Sends a request by the fast path if possible. Returns false if nothing was done.</summary>
    /// <remarks>
    /// The reply is in <paramref name="reply"/>. If the call left the fast path on the way, its outcome is in <paramref name="result"/>.
    /// </remarks>
    public unsafe bool TryCallDirect(
        MessageFlags flags,
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> payload,
        Deadline deadline,
        CancellationToken cancellationToken,
        out MessageCore? reply,
        out LinkResult result)
    {
        result = default;
        reply = null;
        if (!core.FastPath.MayCall)
        {
            return false;
        }

        fixed (byte* start = payload)
        {
            reply = core.FastPath.TryCall(flags, head, start, payload.Length, deadline, blocks: true, out LinkOperation? call);
            if (reply is not null || call is null)
            {
                return reply is not null;
            }

            try
            {
                if (!core.Pump.CallerWaits.Wait(call, deadline, cancellationToken))
                {
                    call.Withdraw(cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : null);
                }
            }
            catch (Exception exception)
            {
                call.Withdraw(exception);
                call.Take().Answer.Release();
                throw;
            }

            result = call.Take();
            return true;
        }
    }

    /// <summary>Does the same for an asynchronous caller, whose memory is free when this returns.</summary>
    public unsafe bool TryCallDirectAsync(
        MessageFlags flags,
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> payload,
        in TimeSpan? timeout,
        CancellationToken cancellationToken,
        out MessageCore? reply,
        out StartedCall result)
    {
        result = default;
        reply = null;
        if (!core.FastPath.MayCall)
        {
            return false;
        }

        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        LinkOperation? call;
        fixed (byte* start = payload)
        {
            reply = core.FastPath.TryCall(flags, head, start, payload.Length, deadline, blocks: false, out call);
        }

        if (reply is not null || call is null)
        {
            return reply is not null;
        }

        if (!call.TryStopBlocking())
        {
            call.OfferToTask();
            result = new StartedCall(call, null);
            return true;
        }

        result = new StartedCall(call, null);
        try
        {
            call.WatchFor(deadline.IsInfinite ? null : deadline.Remaining, core.Settings.Time, cancellationToken);
        }
        catch (Exception exception)
        {
            // No caller has its task.
            call.Withdraw(exception);
            throw;
        }

        core.Pump.ArmForWaiters();
        return true;
    }

    /// <summary>Waits for the answer, and recalls the message shortly before the deadline if the peer has not read it by then.</summary>
    private bool Wait(LinkOperation operation, Deadline deadline, TimeSpan recall, CancellationToken cancellationToken)
    {
        if (recall > TimeSpan.Zero)
        {
            if (core.Pump.CallerWaits.Wait(operation, deadline.Before(recall), cancellationToken))
            {
                return true;
            }

            if (!cancellationToken.IsCancellationRequested)
            {
                operation.Recall();
            }
        }

        return core.Pump.CallerWaits.Wait(operation, deadline, cancellationToken);
    }

    /// <summary>Sends, and completes when the message is buffered or its answer has arrived. Waits for a peer if there is none.</summary>
    /// <param name="link">The link; null for the next one in the round robin.</param>
    /// <param name="message">The message. A payload that may be borrowed stays in place until completion.</param>
    /// <param name="timeout">When the caller gives up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<LinkResult> CallAsync(
        Link? link, in OutgoingMessage message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        Begin(link, message, timeout, cancellationToken).Task;

    /// <summary>Does the same, for a caller that makes its own task of the operation.</summary>
    public StartedCall Begin(Link? link, in OutgoingMessage message, in TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ThrowIfClosing();

        // Validates the timeout before anything is taken.
        Deadline deadline = Deadline.After(timeout, core.Settings.Time);
        MessageKind kind = message.Header.Kind;
        long began = OperationMeter.StartCall();
        bool isMovable = link is null && IsMovable(kind);
        link ??= core.Placement.SingleLink;
        Activity? before = Activity.Current;
        Activity? activity = Tracing.StartSend(kind, core.Address);

        // A bridge does not wait for the outcome of one call; the next message is at its door.
        bool mayLead = link is not null && !core.Settings.IsInner && kind is MessageKind.Request or MessageKind.Deliver;
        LinkOperation operation;
        try
        {
            operation = Prepare(link, message, isMovable, isBlocking: false, deadline);
            StartAwaited(operation, link, message.Payload, mayLead, timeout, cancellationToken);
        }
        catch when (activity is not null)
        {
            activity.Dispose();
            Activity.Current = before;
            throw;
        }

        if (activity is null && began == 0)
        {
            return new StartedCall(operation, null);
        }

        if (activity is not null)
        {
            // The span continues until the answer; the caller's own span is current again when this returns.
            Activity.Current = before;
        }

        return new StartedCall(null, ObserveAsync(operation.Task, activity, began, kind, core.MeterTags));
    }

    /// <summary>Begins a request without a timeout whose caller awaits, like others of this endpoint. Returns null if nothing was
    /// done.</summary>
    /// <remarks>
    /// Since others wait, this caller does not lead. Nothing is measured or traced, and there is no head. <see cref="Begin"/> is for all
    /// cases, and takes longer. <c>bench/README.md</c> states what this way buys.
    /// </remarks>
    /// <param name="flags">The flags of the request.</param>
    /// <param name="payload">The request. It stays in place until completion if it may be borrowed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public LinkOperation? TryBeginBeside(MessageFlags flags, in OutgoingPayload payload, CancellationToken cancellationToken)
    {
        if (core.Pump.AwaitedEvents.Callers == 0 || OperationMeter.IsOn || Tracing.IsWatched)
        {
            return null;
        }

        ThrowIfClosing();
        if (core.Placement.SingleLink is not { } link)
        {
            return null;
        }

        Check(link, payload, headLength: 0);
        LookForRoom(link, payload.Length);
        MessageHeader header = MessageHeader.Of(MessageKind.Request, flags: flags);
        LinkOperation operation = LinkOperation.Rent(core, isBlocking: false, header, default);
        operation.IsMovable = IsMovable(MessageKind.Request);
        StartAwaited(operation, link, payload, mayLead: false, null, cancellationToken);
        return operation;
    }

    /// <summary>Starts an operation for an asynchronous caller, which borrows the payload or copies it, and may lead for a
    /// moment.</summary>
    private void StartAwaited(
        LinkOperation operation,
        Link? link,
        in OutgoingPayload payload,
        bool mayLead,
        in TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        try
        {
            using BriefLead lead = mayLead ? BriefLead.ForCall(core.Pump) : default;
            if (payload.IsBorrowable)
            {
                operation.Borrow(payload);
            }
            else if (payload.Length > 0)
            {
                operation.Copy(payload);
            }

            operation.PeerLink = link;
            operation.WatchFor(timeout, core.Settings.Time, cancellationToken);
            StartCall(operation, link);
            lead.Lead(operation);
        }
        catch (Exception exception)
        {
            // No caller has its task, so release here what the operation holds.
            operation.Withdraw(exception);
            throw;
        }
    }

    /// <summary>Starts an operation. A request to or from a bridge in this process is taken at the other end by this thread.</summary>
    private void StartCall(LinkOperation operation, Link? link)
    {
        if (operation.Header.Kind != MessageKind.Request || link?.Inner is not { } inner || !inner.TryBeginSend())
        {
            Start(operation, link);
            return;
        }

        try
        {
            Start(operation, link);
        }
        finally
        {
            inner.EndSend();
        }
    }
}
