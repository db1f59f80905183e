using Fairlead.Framing;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Brings the messages of an endpoint to the callers that receive, and keeps either until there is the other.</summary>
/// <remarks>
/// <para>
/// Owns the callers that wait for a message, the links that have messages, and whether a stream receives. All of it is under the endpoint's
/// gate. The messages that are being handed out belong to the pump.
/// </para>
/// <para>
/// User threads take and wait through <c>Inbox</c>. Links publish arrived messages, under the pump. <see cref="EndpointCore"/> ends
/// the callers. <c>Receivers.Taking.cs</c> contains taking an available message.
/// </para>
/// </remarks>
internal sealed partial class Receivers
{
    private readonly EndpointContext _endpoint;
    private readonly PeerPresence _presence;
    private readonly WatchList _waitSets;
    private readonly LinkTable _table;
    private readonly Pump _pump;
    private readonly MemoryWaiter _memory;
    private readonly EndpointLife _life;
    private readonly Housekeeping _housekeeping;
    private readonly EndpointCounters _counters;
    private readonly ReadyLinks _ready;
    private readonly List<MessageCore> _handedOver = [];
    private RingQueue<ReceiveOperation> _callers;
    private bool _handsOutAgain;

    // The messages taken since the last iteration read; a hint without the gate.
    private int _taken;

    // A hint: written by the thread that has promised to arm, and by the pump.
    private bool _isTakenAhead;
    private volatile bool _isStream;

    /// <param name="endpoint">The receiving endpoint.</param>
    /// <param name="table">Its links.</param>
    /// <param name="presence">Whether it is over.</param>
    /// <param name="watches">Its wait sets.</param>
    /// <param name="housekeeping">Acknowledges later.</param>
    public Receivers(
        EndpointContext endpoint, LinkTable table, PeerPresence presence, WatchList watches, Housekeeping housekeeping)
    {
        _endpoint = endpoint;
        _table = table;
        _presence = presence;
        _waitSets = watches;
        _housekeeping = housekeeping;
        _pump = endpoint.Pump;
        _memory = endpoint.Pump.MemoryWaiter;
        _life = endpoint.Life;
        _counters = endpoint.Counters;
        _ready = new ReadyLinks(endpoint.Counters);
    }

    /// <summary>Whether no link has messages. Under the gate.</summary>
    public bool IsEmpty => _ready.Count == 0;

    /// <summary>Whether there is a message that may be handed out. Under the gate.</summary>
    public bool HasMessage => _ready.Next(tells: false) is not null;

    /// <summary>Returns the most messages that this iteration takes from a single peer that shares memory. Called by the
    /// pump.</summary>
    /// <remarks>
    /// A caller that waits for a message, leading or asynchronously, returns for the next one and takes it without an iteration. If one has
    /// done so since the last iteration though others waited (<see cref="TryTakeAhead"/>), it gets the first message, and takes the rest.
    /// </remarks>
    public int MessagesWanted()
    {
        bool isTakenAhead = _isTakenAhead;
        _isTakenAhead = false;
        _taken = 0;
        return !_memory.IsAlone || (_callers.Count == 0 && !_memory.IsLedByReceiver) ? int.MaxValue
            : isTakenAhead ? 1
            : Math.Max(1, _callers.Count);
    }

    private ref BiasedLock Gate => ref _pump.Gate;

    /// <summary>Blocks until the next message arrives. Returns null after the timeout or at the endpoint's end.</summary>
    public MessageCore? Receive(Deadline deadline, CancellationToken cancellationToken)
    {
        int me = NativeThread.ManagedId;
        if (TryReceivePlain(me) is { } plain)
        {
            return plain;
        }

        if (cancellationToken.IsCancellationRequested || !TryPollAndReceive(deadline, me, out MessageCore? message))
        {
            message = TryTake(me);
        }

        if (message is not null)
        {
            return message;
        }

        cancellationToken.ThrowIfCancellationRequested();
        ReceiveOperation operation = ReceiveOperation.Rent(this, _pump, isBlocking: true);
        try
        {
            Enqueue(operation);
            if (!_pump.CallerWaits.Wait(operation, deadline, cancellationToken))
            {
                operation.Withdraw(cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : null);
            }
        }
        catch (Exception exception)
        {
            // If the operation got a message meanwhile, the caller gets it all the same. If the error persists, the next call meets it.
            operation.Withdraw(exception);
        }

        return operation.Take();
    }

    /// <summary>Waits for the next message without blocking a thread.</summary>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="hasLooked">Whether <see cref="TryTakeNow"/> has just found nothing.</param>
    public ValueTask<MessageCore?> ReceiveAsync(TimeSpan? timeout, CancellationToken cancellationToken, bool hasLooked = false)
    {
        Deadline.Check(timeout);
        int me = NativeThread.ManagedId;
        MessageCore? message = hasLooked ? null : TryTake(me);
        if (message is not null || (_memory.TryMakeRoom() && (message = TryTake(me)) is not null))
        {
            return new ValueTask<MessageCore?>(message);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MessageCore?>(cancellationToken);
        }

        _pump.Continuations.FlushBeforeWait();
        using BriefLead lead = BriefLead.ForReceive(_pump);
        ReceiveOperation operation = ReceiveOperation.Rent(this, _pump, isBlocking: false);
        ValueTask<MessageCore?> task = operation.Task;
        try
        {
            operation.WatchFor(timeout, _endpoint.Settings.Time, cancellationToken);
            Enqueue(operation);
            lead.Lead(operation);
            return task;
        }
        catch (Exception exception)
        {
            operation.Withdraw(exception);
            throw;
        }
    }

    /// <summary>Ends the wait of a caller.</summary>
    /// <param name="operation">The caller's operation.</param>
    /// <param name="error">The error to fail with; null means that the time has passed.</param>
    public void Withdraw(ReceiveOperation operation, Exception? error)
    {
        bool isOurs;
        using (Gate.Hold())
        {
            for (int i = 0; i < _callers.Count; i++)
            {
                if (_callers[i] == operation)
                {
                    _callers.RemoveAt(i);
                    break;
                }
            }

            // Claimed under the gate, like all others: an operation in the queue is never done.
            isOurs = error is null ? operation.TryComplete(null) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>Makes a stream the only receiver, which also learns of peers that leave a bound end.</summary>
    /// <exception cref="FairleadException">NotSupported: the endpoint cannot carry a stream of bytes.</exception>
    public void BecomeStream(bool canRead)
    {
        _life.ThrowIfClosing();
        _endpoint.Profile.CheckStream(
            _endpoint.Address, _endpoint.Capabilities, _endpoint.Settings.Framing, _endpoint.Policy, _endpoint.IsBound, canRead);
        _isStream |= canRead;
    }

    /// <summary>Takes the messages that have arrived at a link. Called by that link.</summary>
    public void Publish(Link link, Completions completions)
    {
        using (Gate.Hold())
        {
            _ready.Publish(link.LinkReceiver);
            HandOut(completions);
        }

        AfterHandOut();
    }

    /// <summary>Adds the joining or leaving of a link to its messages.</summary>
    public void Report(Link link, MessageKind marker, Completions completions)
    {
        if (_endpoint.Profile.ReportsLinks || (_isStream && marker == MessageKind.Left && !_endpoint.EndsWithPeer))
        {
            link.LinkReceiver.ReceiveQueue.AddMarker(marker);
            Publish(link, completions);
        }
    }

    /// <summary>Requests a hand-out, because a link no longer holds anything back. Any thread, with any locks held.</summary>
    public void HandOutAgain()
    {
        Volatile.Write(ref _handsOutAgain, true);
        _pump.RequestTurnFromAnywhere();
    }

    /// <summary>Does the hand-out requested by <see cref="HandOutAgain"/>. Called by the pump, in each iteration.</summary>
    public void HandOutIfResumed(Completions completions)
    {
        if (!Volatile.Read(ref _handsOutAgain))
        {
            return;
        }

        using (Gate.Hold())
        {
            Volatile.Write(ref _handsOutAgain, false);
            HandOut(completions);
        }

        AfterHandOut();
    }

    /// <summary>Returns whether other peers have messages here that a caller could take.</summary>
    public bool HasMessagesBeside(Link slow)
    {
        using (Gate.Hold())
        {
            return Array.Exists(_table.All, link => link != slow && link.LinkReceiver.InboundCount > 0 && !link.Pause.IsHeldBack);
        }
    }

    /// <summary>Returns whether a link has no messages here.</summary>
    public bool HasNoInbound(Link link)
    {
        using (Gate.Hold())
        {
            return link.LinkReceiver.InboundCount == 0;
        }
    }

    /// <summary>Drops an unread message that its sender has cancelled.</summary>
    public bool TryDrop(Link link, uint id, out MessageKind kind)
    {
        using (Gate.Hold())
        {
            return _ready.Drop(link.LinkReceiver, id, withDeliveries: true, out kind) > 0;
        }
    }

    /// <summary>Drops the unread messages of a link that is over, except those that may still be read. Under the gate.</summary>
    /// <remarks>
    /// No sender waits for answers any more. The deliveries of a dead peer may still be read. If this side ended the link, their senders
    /// were told, and the deliveries are dropped, too.
    /// </remarks>
    public void DropUnread(Link link)
    {
        _ready.Drop(link.LinkReceiver, id: null, withDeliveries: link.WasEndedHere, out _);
        _ready.Leave(link.LinkReceiver);
    }

    /// <summary>Ends the callers, and tells the wait sets, because the endpoint is over or closes. Under the gate.</summary>
    /// <param name="error">The error for the callers; null means that they get no message.</param>
    /// <param name="completions">Signals the callers.</param>
    public void End(Exception? error, Completions completions)
    {
        while (_callers.Count > 0)
        {
            ReceiveOperation operation = _callers.Dequeue();
            if (error is null ? operation.TryComplete(null) : operation.TryFail(error))
            {
                completions.Add(operation);
            }
        }

        _waitSets.TellOfEnd();
    }

    /// <summary>Releases the memory of untaken messages. Under the gate.</summary>
    public void Release() => _ready.Release();

    private void Enqueue(ReceiveOperation operation)
    {
        MessageCore? message = null;
        using (Gate.Hold())
        {
            if (operation.IsClaimed)
            {
                return;
            }

            if (_life.IsClosing)
            {
                operation.TryFail(new ObjectDisposedException(_endpoint.Profile.Name));
            }
            else if (_callers.Count == 0 && _ready.Next(tells: true) is { } next)
            {
                message = _ready.Take(next);
                operation.TryComplete(message);
            }
            else if (_presence.HasEnded)
            {
                operation.TryComplete(null);
            }
            else
            {
                _callers.Enqueue(operation);
                if (!operation.IsBlocking && !_pump.IsLed)
                {
                    _pump.Arm();
                }

                return;
            }
        }

        if (message is not null)
        {
            Link.Of(message.PeerLink).LinkReceiver.AfterHandOver(message.Header.Kind);
        }

        operation.Signal(inline: false);
    }

    /// <summary>Gives callers the messages that may be handed out. Under the gate; <see cref="AfterHandOut"/> follows without it.</summary>
    private void HandOut(Completions completions)
    {
        while (_callers.Count > 0 && !_life.IsClosing && _ready.Next(tells: true) is { } next)
        {
            ReceiveOperation operation = _callers.Dequeue();
            MessageCore message = _ready.Take(next);
            operation.TryComplete(message);
            _handedOver.Add(message);
            completions.Add(operation);
        }
    }

    private void AfterHandOut()
    {
        // Before any caller wakes: due acknowledgements go out before user code takes its time. Senders that wait for a receipt were told
        // earlier.
        foreach (MessageCore message in _handedOver)
        {
            Link.Of(message.PeerLink).LinkReceiver.AfterHandOver(message.Header.Kind);
        }

        _handedOver.Clear();
    }
}
