using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>Brings the messages of an endpoint to the callers that receive, and keeps both until there is the other.</summary>
/// <remarks>
/// <para>
/// Owns the callers that wait for a message, the links that have messages, and whether a stream receives. All of it is under the endpoint's
/// gate. The messages that are being handed out belong to the pump.
/// </para>
/// <para>
/// User threads take and wait through <see cref="Inbox"/>. Links publish what has arrived, under the pump. <see cref="EndpointCore"/> ends
/// the callers. How a caller takes what is there already stands in <c>Receivers.Taking.cs</c>.
/// </para>
/// </remarks>
internal sealed partial class Receivers
{
    private readonly EndpointCore _endpoint;
    private readonly Pump _pump;
    private readonly MemoryWaiter _memory;
    private readonly EndpointLife _life;
    private readonly Housekeeping _housekeeping;
    private readonly EndpointCounters _counters;
    private readonly ReadyLinks _ready;
    private readonly List<MessageCore> _handedOver = [];
    private RingQueue<ReceiveOperation> _callers;
    private bool _handsOutAgain;
    private volatile bool _isStream;

    /// <param name="endpoint">The endpoint that receives; its pump and its housekeeping exist already.</param>
    public Receivers(EndpointCore endpoint)
    {
        _endpoint = endpoint;
        _pump = endpoint.Pump;
        _memory = endpoint.Pump.Memory;
        _life = endpoint.Life;
        _housekeeping = endpoint.Housekeeping;
        _counters = endpoint.Counters;
        _ready = new ReadyLinks(endpoint.Counters);
    }

    /// <summary>Whether no link has messages. Under the gate.</summary>
    public bool IsEmpty => _ready.Count == 0;

    /// <summary>Whether a message is here that may be handed out. Under the gate.</summary>
    public bool HasMessage => _ready.Next(tells: false) >= 0;

    /// <summary>
    /// How many messages one pump iteration takes from a peer that shares memory with this endpoint alone. Who waits for a message, leading
    /// or awaited, comes back for the next one, and takes it without an iteration. By the pump.
    /// </summary>
    public int MessagesWanted =>
        _memory.IsAlone && (_memory.IsLedByReceiver || _callers.Count > 0) ? Math.Max(1, _callers.Count) : int.MaxValue;

    private ref BiasedLock Gate => ref _pump.Gate;

    /// <summary>Blocks until the next message is here. Null if the time has passed or the endpoint is over.</summary>
    public MessageCore? Receive(Deadline deadline, CancellationToken cancellationToken)
    {
        int me = NativeThread.ManagedId;
        if (TryReceivePlain(me) is { } plain)
        {
            return plain;
        }

        if (cancellationToken.IsCancellationRequested || !TryLookAndPull(deadline, me, out MessageCore? message))
        {
            message = TryTake(me);
        }

        if (message is not null)
        {
            return message;
        }

        cancellationToken.ThrowIfCancellationRequested();
        ReceiveOperation operation = ReceiveOperation.Rent(_endpoint, isBlocking: true);
        try
        {
            Enqueue(operation);
            if (!_pump.Callers.Wait(operation, deadline, cancellationToken))
            {
                operation.Withdraw(cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : null);
            }
        }
        catch (Exception exception)
        {
            // A message that the operation was given meanwhile is the caller's all the same. If the error persists, the next call meets it.
            operation.Withdraw(exception);
        }

        return operation.Take();
    }

    /// <summary>Does the same without blocking a thread.</summary>
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

        _pump.Told.FlushBeforeWait();
        using BriefLead lead = BriefLead.ForReceive(_endpoint);
        ReceiveOperation operation = ReceiveOperation.Rent(_endpoint, isBlocking: false);
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
    /// <param name="operation">The caller's.</param>
    /// <param name="error">What it fails with; null: the time has passed.</param>
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

            // Claimed under the gate, as all are: an operation in the queue is never done.
            isOurs = error is null ? operation.TryComplete(null) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>From now on a stream alone receives, and hears of peers that leave a bound end.</summary>
    /// <exception cref="FairleadException">NotSupported: the endpoint does not carry a stream of bytes.</exception>
    public void BecomeStream(bool canRead)
    {
        _life.ThrowIfClosing();
        _endpoint.Profile.CheckStream(_endpoint.Address, _endpoint.Capabilities, _endpoint.Settings.Framing, _endpoint.IsBound, canRead);
        _isStream |= canRead;
    }

    /// <summary>Takes the messages that have arrived at a link. By that link.</summary>
    public void Publish(Link link, Completions completions)
    {
        using (Gate.Hold())
        {
            _ready.Publish(link);
            HandOut(completions);
        }

        AfterHandOut();
    }

    /// <summary>Puts the coming or going of a link among its messages.</summary>
    public void Report(Link link, MessageKind marker, Completions completions)
    {
        if (_endpoint.Profile.ReportsLinks || (_isStream && marker == MessageKind.Left && !_endpoint.EndsWithPeer))
        {
            link.Receiving.Inbound.AddMarker(marker);
            Publish(link, completions);
        }
    }

    /// <summary>Asks for a hand-out, because a link holds back nothing any more. Any thread, whatever locks it holds.</summary>
    public void HandOutAgain()
    {
        Volatile.Write(ref _handsOutAgain, true);
        _pump.RequestTurnFromAnywhere();
    }

    /// <summary>Hands out what <see cref="HandOutAgain"/> has asked for. By the pump, in each iteration.</summary>
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

    /// <summary>Whether other peers have messages here that a caller could take.</summary>
    public bool HasMessagesBeside(Link slow)
    {
        using (Gate.Hold())
        {
            return Array.Exists(_endpoint.Table.All, link => link != slow && link.Receiving.InboundCount > 0 && !link.Pause.IsHeldBack);
        }
    }

    /// <summary>Whether a link has no messages here.</summary>
    public bool HasNoInbound(Link link)
    {
        using (Gate.Hold())
        {
            return link.Receiving.InboundCount == 0;
        }
    }

    /// <summary>Drops an unread message whose sender took it back.</summary>
    public bool TryDrop(Link link, uint id, out MessageKind kind)
    {
        using (Gate.Hold())
        {
            return _ready.Drop(link, id, withDeliveries: true, out kind) > 0;
        }
    }

    /// <summary>Drops the unread messages of a link that is over, as far as nobody may read them any more. Under the gate.</summary>
    /// <remarks>
    /// No sender waits for the answers any more. Deliveries of a peer that died are messages all the same; if this side ended the link,
    /// their senders were told.
    /// </remarks>
    public void DropUnread(Link link) => _ready.Drop(link, id: null, withDeliveries: link.WasEndedHere, out _);

    /// <summary>Ends the callers, and tells the wait sets, because the endpoint is over or closes. Under the gate.</summary>
    /// <param name="error">What the callers fail with; null: they get no message.</param>
    /// <param name="completions">Tell the callers.</param>
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

        _endpoint.Watches.TellOfEnd();
    }

    /// <summary>Gives back the memory of the messages that nobody will take. Under the gate.</summary>
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
            else if (_callers.Count == 0 && _ready.Next(tells: true) is >= 0 and int next)
            {
                message = _ready.Take(next);
                operation.TryComplete(message);
            }
            else if (_endpoint.Presence.HasEnded)
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

        message?.Link.Receiving.AfterHandOver(message.Header.Kind);
        operation.Signal(inline: false);
    }

    /// <summary>Gives callers what may be handed out. Under the gate; the caller calls <see cref="AfterHandOut"/> without it.</summary>
    private void HandOut(Completions completions)
    {
        while (_callers.Count > 0 && !_life.IsClosing && _ready.Next(tells: true) is >= 0 and int next)
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
        // Before any caller wakes: the peer hears what is due before user code takes its time. Senders that wait for a receipt were told.
        foreach (MessageCore message in _handedOver)
        {
            message.Link.Receiving.AfterHandOver(message.Header.Kind);
        }

        _handedOver.Clear();
    }
}
