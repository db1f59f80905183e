using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Messages that wait for the user, and callers that wait for messages.</content>
internal sealed partial class EndpointCore
{
    private readonly List<MessageCore> _handedOver = [];
    private readonly ReadyLinks _ready;
    private bool _handsOutAgain;
    private volatile bool _isStream;
    private RingQueue<ReceiveOperation> _receivers;

    /// <summary>The next message where it lies here, or in a peer's memory, already.</summary>
    public MessageCore? TryTakeNow()
    {
        int me = NativeThread.ManagedId;
        return TryReceivePlain(me) ?? TryTake(me);
    }

    /// <summary>Blocks until the next message is here. Null if the time has passed or the endpoint is over.</summary>
    public MessageCore? Receive(Deadline deadline, CancellationToken token)
    {
        int me = NativeThread.ManagedId;
        if (TryReceivePlain(me) is { } plain)
        {
            return plain;
        }

        if (token.IsCancellationRequested || !TryLookAndPull(deadline, me, out MessageCore? message))
        {
            message = TryTake(me);
        }

        if (message is not null)
        {
            return message;
        }

        token.ThrowIfCancellationRequested();
        ReceiveOperation operation = ReceiveOperation.Rent(this, isBlocking: true);
        try
        {
            Enqueue(operation);
            if (!Pump.Callers.Wait(operation, deadline, token))
            {
                operation.Withdraw(token.IsCancellationRequested ? new OperationCanceledException(token) : null);
            }
        }
        catch (Exception exception)
        {
            // What it was given meanwhile is the caller's all the same: the error comes again where it is still so.
            operation.Withdraw(exception);
        }

        return operation.Take();
    }

    /// <summary>The same without blocking a thread.</summary>
    /// <param name="timeout">At most so long.</param>
    /// <param name="token">Ends the wait.</param>
    /// <param name="hasLooked">Whether <see cref="TryTakeNow"/> has just found nothing.</param>
    public ValueTask<MessageCore?> ReceiveAsync(TimeSpan? timeout, CancellationToken token, bool hasLooked = false)
    {
        Deadline.Check(timeout);
        int me = NativeThread.ManagedId;
        MessageCore? message = hasLooked ? null : TryTake(me);
        if (message is not null || (Pump.Memory.TryMakeRoom() && (message = TryTake(me)) is not null))
        {
            return new ValueTask<MessageCore?>(message);
        }

        if (token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<MessageCore?>(token);
        }

        if (Settings.Writing == WriteMode.Buffered)
        {
            Table.FlushDeferred();
        }

        ReceiveOperation operation = ReceiveOperation.Rent(this, isBlocking: false);
        ValueTask<MessageCore?> task = operation.Task;
        try
        {
            operation.WatchFor(timeout, Settings.Time, token);
            Enqueue(operation);
            return task;
        }
        catch (Exception exception)
        {
            operation.Withdraw(exception);
            throw;
        }
    }

    /// <summary>Whether messages of other peers lie here that could be handed out, if somebody took them.</summary>
    public bool HasMessagesBeside(Link slow)
    {
        using (Gate.Hold())
        {
            return Array.Exists(Table.All, link => link != slow && link.InboundCount > 0 && !link.IsHeldBack);
        }
    }

    public void Withdraw(ReceiveOperation operation, Exception? error)
    {
        bool isOurs;
        using (Gate.Hold())
        {
            for (int i = 0; i < _receivers.Count; i++)
            {
                if (_receivers[i] == operation)
                {
                    _receivers.RemoveAt(i);
                    break;
                }
            }

            // Claimed under the gate, as all are: what stands in the queue is never done.
            isOurs = error is null ? operation.TryComplete(null) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>By a link: these have arrived.</summary>
    public void Publish(Link link, Completions completions)
    {
        using (Gate.Hold())
        {
            _ready.Publish(link);
            HandOut(completions);
        }

        AfterHandOut();
    }

    /// <summary>By a link that held back what lies there, and does not any more. Any thread, whatever locks it holds.</summary>
    public void HandOutAgain()
    {
        Volatile.Write(ref _handsOutAgain, true);
        Pump.RequestTurnFromAnywhere();
    }

    /// <summary>By the pump, in each turn.</summary>
    private void HandOutIfResumed(Completions completions)
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

    /// <summary>Gives those who wait what may be handed out. Under the gate; <see cref="AfterHandOut"/> follows, without it.</summary>
    private void HandOut(Completions completions)
    {
        while (_receivers.Count > 0 && !IsClosing && _ready.Next(tells: true) is >= 0 and int next)
        {
            ReceiveOperation operation = _receivers.Dequeue();
            MessageCore message = _ready.Take(next);
            operation.TryComplete(message);
            _handedOver.Add(message);
            completions.Add(operation);
        }
    }

    private void AfterHandOut()
    {
        // Before anybody is woken: what is due is told before user code takes its time. Who waits for a receipt was told already.
        foreach (MessageCore message in _handedOver)
        {
            message.Link.AfterHandOver(message.Header.Kind);
        }

        _handedOver.Clear();
    }

    /// <summary>Drops an unread message whose sender took it back.</summary>
    public bool TryDrop(Link link, uint id, out MessageKind kind)
    {
        using (Gate.Hold())
        {
            return _ready.Drop(link, id, withDeliveries: true, out kind) > 0;
        }
    }

    /// <summary>Puts the coming or going of a link among its messages.</summary>
    private void Report(Link link, MessageKind marker, Completions completions)
    {
        if (Profile.ReportsLinks || (_isStream && marker == MessageKind.Left && !EndsWithPeer))
        {
            link.Inbound.AddMarker(marker);
            Publish(link, completions);
        }
    }

    public bool HasNoInbound(Link link)
    {
        using (Gate.Hold())
        {
            return link.InboundCount == 0;
        }
    }

    private void Enqueue(ReceiveOperation operation)
    {
        MessageCore? message = null;
        using (Gate.Hold())
        {
            if (operation.IsClaimed)
            {
                return;
            }

            if (IsClosing)
            {
                operation.TryFail(new ObjectDisposedException(Profile.Name));
            }
            else if (_receivers.Count == 0 && _ready.Next(tells: true) is >= 0 and int next)
            {
                message = _ready.Take(next);
                operation.TryComplete(message);
            }
            else if (Presence.HasEnded)
            {
                operation.TryComplete(null);
            }
            else
            {
                _receivers.Enqueue(operation);
                if (!operation.IsBlocking && !Pump.IsLed)
                {
                    Pump.Arm();
                }

                return;
            }
        }

        message?.Link.AfterHandOver(message.Header.Kind);
        operation.Signal(inline: false);
    }

    /// <summary>The next message that is here.</summary>
    /// <param name="me">The calling thread.</param>
    /// <param name="mayLinger">Whether to let some come together in a stream: who has looked for it just now has done so.</param>
    private MessageCore? TryTake(int me, bool mayLinger = true)
    {
        MessageCore message;
        bool looks = false;
        if (mayLinger
            && _ready.Count == 0
            && Pump.Memory.Alone is { IsStreaming: true } stream
            && (looks = Pump.Memory.TryBeginLook(me))
            && Pump.Memory.Alone == stream)
        {
            stream.Linger();
        }

        using (Gate.Hold(me))
        {
            if (looks)
            {
                Pump.Memory.EndLook();
            }

            // An endpoint that closes has told its peers what it handed out: nothing follows.
            Life.ThrowIfClosing();
            if (_receivers.Count > 0)
            {
                return null;
            }

            if (_ready.Next(tells: true) is >= 0 and int next)
            {
                message = _ready.Take(next);
            }
            else if (TryPull(me) is { } pulled)
            {
                message = pulled;
            }
            else
            {
                return null;
            }
        }

        message.Link.AfterHandOver(message.Kind);
        return message;
    }

    /// <summary>A connected endpoint has ended, or any closes: nobody will get anything more. Under the gate.</summary>
    public void EndReceivers(Exception? error, Completions completions)
    {
        while (_receivers.Count > 0)
        {
            ReceiveOperation operation = _receivers.Dequeue();
            if (error is null ? operation.TryComplete(null) : operation.TryFail(error))
            {
                completions.Add(operation);
            }
        }

        TellWatchesOfEnd();
    }

    /// <summary>From now on a stream alone receives, and hears of peers that leave a bound end.</summary>
    /// <exception cref="FairleadException">NotSupported: what travels here is no stream of bytes.</exception>
    public void BecomeStream(bool canRead)
    {
        Life.ThrowIfClosing();
        if (Settings.Framing is not (FairleadFraming or RawFraming))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a stream has no boundaries, and this framing does",
                "Say ?framing=none to read and write bytes, or leave it away at both ends")
            {
                Address = Address,
            };
        }

        const TransportCapabilities Needed = TransportCapabilities.Reliable | TransportCapabilities.Ordered;
        if ((Capabilities & Needed) != Needed)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{Address.Scheme}:// may lose or reorder what is sent, which a stream cannot show",
                "Choose another address")
            {
                Address = Address,
            };
        }

        const TransportCapabilities Many = TransportCapabilities.ManyPeers | TransportCapabilities.Duplex;
        if (IsBound && canRead && Profile.MostPeers > 1 && (Capabilities & Many) == Many)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"a bound {Profile.Name} may hear several peers at once, whose bytes would be mixed",
                "Take a Pair, which has one peer at a time, or connect the Receiver")
            {
                Address = Address,
            };
        }

        _isStream |= canRead;
    }
}
