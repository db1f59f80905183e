using Fairlead.Framing;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Session;

/// <content>Ending a link from this side: by decision, because of the peer's data, or because of an exception.</content>
internal sealed partial class Link
{
    private ITimer? _lingerTimer;

    /// <summary>Whether the peer is being told why the link ends; the connection ends when that is written. Under the send lock.</summary>
    private bool IsLingering => _lingerTimer is not null;

    void IAlarmed.OnAlarmFailed(Exception exception) => Fail(exception);

    /// <inheritdoc/>
    public override void Fail(Exception exception)
    {
        if (TrySetFault(exception))
        {
            _host.AddFailed(this);
            _endpoint.Pump.RequestTurnFromAnywhere();
        }
    }

    /// <summary>Ends the link because serving it threw an exception, and ends nothing else. Called by the pump.</summary>
    /// <remarks>Messages that arrived before go to the user. The peer is told, if that is still possible.</remarks>
    public void Fail(Exception exception, Completions completions)
    {
        if (State == LinkState.Down)
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
        Finishing.Do("a connection", () => LinkReceiver.PublishArrived(completions));
        Reject(failure, completions);
    }

    /// <inheritdoc/>
    public override void Kill(CloseReason reason, string? text)
    {
        using (LinkSender.Hold())
        {
            if (State == LinkState.Down || !CloseHandshake.TryKill(reason, text))
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
        if (State == LinkState.Up && !IsRaw && !CloseHandshake.HasSaid)
        {
            WriteClose(reason, text, MessageFlags.None);
        }

        CloseHandshake.Stop();

        // A foreign peer is not told: if it does not read, there is nothing to wait for.
        bool isTold = reason == CloseReason.ClosedByUs || (!IsRaw && reason is CloseReason.SlowConsumer or CloseReason.Limit);
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
            using (LinkSender.Hold())
            {
                if (State == LinkState.Down)
                {
                    return;
                }

                Failure = exception;
                if (State is LinkState.Up or LinkState.PeerClosed && !IsRaw && !Output.IsBroken && !CloseHandshake.HasSaid)
                {
                    WriteClose(reason, exception.Message, MessageFlags.None);
                }
                else if (State == LinkState.Handshaking && IsAccepted && !IsRaw)
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
