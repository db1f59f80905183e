using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>How this side ends a link: because it will have it no longer, because of what the peer sent, or because something was
/// thrown.</content>
internal sealed partial class Link
{
    private ITimer? _lingerTimer;

    // What was thrown while somebody was at work here who does not pump.
    private Exception? _fault;

    /// <summary>
    /// Whether the peer is being told why it is ended, and the connection ends when that is written. Under the send lock.
    /// </summary>
    public bool IsLingering => _lingerTimer is not null;

    /// <summary>What leaves the link in no state to go on, and the pump is to end it with; null where there is no such thing.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    void IAlarmed.OnAlarmFailed(Exception exception) => Fail(exception);

    /// <summary>
    /// Something was thrown that leaves the link in no state to go on: the pump ends it. Any thread, whatever locks it holds.
    /// </summary>
    public void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _fault, exception, null) is null)
        {
            _endpoint.Pump.RequestTurnFromAnywhere();
        }
    }

    /// <summary>
    /// Something was thrown while this link was served: it ends with that, and nothing else does. What came before goes to the user, and
    /// the peer is told, as far as that still goes. By the pump.
    /// </summary>
    public void Fail(Exception exception, Completions completions)
    {
        if (_state == LinkState.Down)
        {
            return;
        }

        FairleadException failure = exception switch
        {
            FairleadException known => known,

            // A process of the same user is believed how long its message will be; that there is no memory for it ends its connection
            // alone.
            OutOfMemoryException => new(
                ErrorCode.TooLarge,
                "there is no memory for a message that was announced",
                "Send less at once, or limit it with ?maxmessage=.",
                exception),
            _ => new(
                ErrorCode.Failed,
                $"the connection could not go on: {exception.Message}",
                "The inner exception says where; unless it is yours, report it.",
                exception),
        };
        Finishing.Do("a connection", () => Receiving.PublishArrived(completions));
        Reject(failure, completions);
    }

    /// <summary>
    /// Ends the connection from any thread; whoever pumps then sees its end, with this reason. The peer is told, behind what was sent
    /// before; one that does not even take that from the kernel gets as long for it as for a handshake. A foreign peer that reads too
    /// slowly is ended at once.
    /// </summary>
    public void Kill(CloseReason reason, string? text)
    {
        using (Sending.Hold())
        {
            if (_state == LinkState.Down || !_close.TryKill(reason, text))
            {
                return;
            }

            try
            {
                TellAndAbort(reason, text);
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }

        _endpoint.Pump.Request();
    }

    private void TellAndAbort(CloseReason reason, string? text)
    {
        if (_state == LinkState.Up && !IsBare && !_close.HasSaid)
        {
            WriteClose(reason, text, MessageFlags.None);
        }

        _close.Stop();

        // A foreign peer is told nothing: one that does not read has no more to wait for.
        bool isTold = reason == CloseReason.ClosedByUs || (!IsBare && reason is CloseReason.SlowConsumer or CloseReason.Limit);
        if (_connection.Unflushed > 0 && isTold)
        {
            _lingerTimer = Alarm.Create(_time, new LastWord(this), _endpoint.Settings.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        }
        else
        {
            Pause.Unpause();
            Pause.UpdateInterest();
            _connection.Abort();
        }
    }

    /// <summary>The peer sent what it must not: it is told, and the link ends.</summary>
    private void Reject(FairleadException exception, Completions completions)
    {
        CloseReason reason = exception.Code is ErrorCode.TooLarge or ErrorCode.Unavailable ? CloseReason.Limit : CloseReason.ProtocolError;
        Finishing.Do("a connection's last word", () =>
        {
            using (Sending.Hold())
            {
                if (_state == LinkState.Down)
                {
                    return;
                }

                Failure = exception;
                if (_state is LinkState.Up or LinkState.PeerClosed && !IsBare && !Output.IsBroken && !_close.HasSaid)
                {
                    WriteClose(reason, exception.Message, MessageFlags.None);
                }

                Output.Write();
                _connection.EndSending();
            }
        });
        GoDown(new LinkEnd(reason, exception.Message), completions);
    }

    /// <summary>Gives a peer that is told why it is ended so long for that, and not longer.</summary>
    private sealed class LastWord(Link link) : IAlarmed
    {
        public void OnAlarm() => link._connection.Abort();

        public void OnAlarmFailed(Exception exception) => link.Fail(exception);
    }
}
