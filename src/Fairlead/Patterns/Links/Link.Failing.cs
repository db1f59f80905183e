using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Ending a link from this side: by decision, because of the peer's data, or because of an exception.</content>
internal sealed partial class Link
{
    private ITimer? _lingerTimer;

    // An exception on a thread that does not pump.
    private Exception? _fault;

    /// <summary>Whether the peer is being told why the link ends; the connection ends when that is written. Under the send lock.</summary>
    public bool IsLingering => _lingerTimer is not null;

    /// <summary>The exception with which the pump must end the link; null if there is none.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    void IAlarmed.OnAlarmFailed(Exception exception) => Fail(exception);

    /// <summary>Makes the pump end the link, because an exception prevents it from continuing. Any thread, with any locks held.</summary>
    public void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _fault, exception, null) is null)
        {
            _endpoint.Table.AddFailed(this);
            _endpoint.Pump.RequestTurnFromAnywhere();
        }
    }

    /// <summary>Ends the link because serving it threw an exception, and ends nothing else. Called by the pump.</summary>
    /// <remarks>Messages that arrived before go to the user. The peer is told, if that is still possible.</remarks>
    public void Fail(Exception exception, Completions completions)
    {
        if (_state == LinkState.Down)
        {
            return;
        }

        FairleadException failure = exception switch
        {
            FairleadException known => known,

            // The announced length of a same-user process is trusted. If there is not enough memory for it, only this connection ends.
            OutOfMemoryException => new(
                ErrorCode.TooLarge,
                "there is not enough memory for a message of this connection",
                "Send smaller messages, or limit them with ?maxmessage=.",
                exception),
            _ => new(
                ErrorCode.Failed,
                $"the connection failed with {exception.GetType().Name}",
                "The inner exception of this side says why. Unless it comes from your code, report it.",
                exception),
        };
        Finishing.Do("a connection", () => Receiving.PublishArrived(completions));
        Reject(failure, completions);
    }

    /// <summary>Ends the connection from any thread. The pump then sees its end, with this reason.</summary>
    /// <remarks>
    /// The peer is told, behind everything sent before. If it does not even take that from the kernel, it gets as long as for a handshake.
    /// A non-Fairlead peer that reads too slowly is disconnected immediately.
    /// </remarks>
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

        // A foreign peer is not told: if it does not read, there is nothing to wait for.
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

    /// <summary>Tells the peer that its data is not acceptable, and ends the link.</summary>
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
                else if (_state == LinkState.Handshaking && IsAccepted && !IsBare)
                {
                    WriteRefusal(exception);
                }

                Output.Write();
                _connection.EndSending();
            }
        });
        GoDown(new LinkEnd(reason, exception.Message), completions);
    }

    /// <summary>Limits the time for a peer to learn why it is disconnected.</summary>
    private sealed class LastWord(Link link) : IAlarmed
    {
        public void OnAlarm() => link._connection.Abort();

        public void OnAlarmFailed(Exception exception) => link.Fail(exception);
    }
}
