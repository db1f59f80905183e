using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Callers that wait until what was sent before is with the kernel.</content>
internal sealed partial class Link
{
    private readonly WriteMode _writeMode;
    private readonly FlushWaiters _flushing = new();

    /// <summary>Bytes that the kernel has not taken. Under <c>_sending</c>.</summary>
    private long Unwritten => (long)_connection.Unflushed + _connection.LongRest;

    /// <summary>Behind each commit: a long message is not with the peer before the kernel has all of it. Under <c>_sending</c>.</summary>
    private void NoteLong(in MessageHeader header)
    {
        if (header.Length >= LongPayload && !IsBare && header.Kind.IsData() && Unwritten is > 0 and long rest)
        {
            _window.AddHalfWritten(header.Id, rest);
        }
    }

    /// <summary>
    /// Writes what lies here; the operation is completed when all of it is with the kernel, or the link is lost with some of it.
    /// </summary>
    public void Start(FlushOperation operation)
    {
        bool needsPump = false;
        bool isDone;
        using (HoldSending())
        {
            if (operation.IsClaimed)
            {
                return;
            }

            if (!IsBlocked)
            {
                needsPump = FlushNow();
            }

            // Of one that has just gone the connection is over, and holds nothing: what it took with it stands in its end.
            operation.Rest = _state == LinkState.Down ? End!.Unwritten : Unwritten;
            bool isLost = operation.Rest > 0 && (IsBroken || _state == LinkState.Down);
            isDone = isLost ? operation.TryFail(_endpoint.Presence.EndException(this)) : operation.Rest == 0 && operation.TryComplete(true);
            if (!isLost && operation.Rest > 0)
            {
                _flushing.Add(operation);
            }
        }

        // A long message may be through with it.
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            CompleteWriting(completions);
        }

        if (isDone)
        {
            operation.Signal(inline: false);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    public void Withdraw(FlushOperation operation, Exception? error)
    {
        bool isOurs;
        using (HoldSending())
        {
            _flushing.Remove(operation);
            isOurs = error is null ? operation.TryComplete(false) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>Hands over as much as goes without blocking, and counts it for those who wait. Under <c>_sending</c>.</summary>
    private FlushResult Write()
    {
        if (!_flushing.Any && !_window.HasHalfWritten && _readerWait is null)
        {
            return FlushConnection();
        }

        long before = Unwritten;
        FlushResult result = FlushConnection();
        long written = before - Unwritten;
        _window.Written(written);
        _readerWait?.Written(written);
        _flushing.Written(written);
        return result;
    }

    /// <summary>
    /// What is thrown here, which may be by the memory of a message that its sender owns, is the link's end, and not that of whoever
    /// happens to write. Under <c>_sending</c>.
    /// </summary>
    private FlushResult FlushConnection()
    {
        try
        {
            return _connection.Flush();
        }
        catch (Exception exception)
        {
            Fail(exception);
            return FlushResult.Broken;
        }
    }

    /// <summary>
    /// The rest of a long message is copied, so that the sender has the memory back. Where there is none for the copy, nothing more is
    /// written. Under <c>_sending</c>.
    /// </summary>
    private void DetachLong()
    {
        try
        {
            _connection.DetachLong();
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    /// <summary>Whether a message of this kind is left lying until more have come together.</summary>
    private bool IsPutOff(bool mayWait, bool isStream) => _writeMode switch
    {
        WriteMode.Balanced => isStream || _burst.Note(),
        WriteMode.Buffered => mayWait,
        _ => false,
    };
}
