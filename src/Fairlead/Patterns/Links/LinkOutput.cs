using System.Diagnostics;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// What a link has put into its connection's memory, and how that gets to the kernel, or to the peer's memory: at once, in batches, or when
/// there is room again.
/// </summary>
/// <remarks>
/// Owns what it writes with (<see cref="OutputState"/>), the long message that is being written out of its sender's memory, and the callers
/// that wait until all is with the kernel. Under the link's send lock, but for what says otherwise. Called by <see cref="LinkSender"/> and
/// all others that write, by the <see cref="Flusher"/>, and by the pump.
/// </remarks>
internal sealed partial class LinkOutput
{
    /// <summary>Bytes that lie together before a busy sender writes them itself; less is left to the <see cref="Flusher"/>.</summary>
    public const int BatchBytes = 64 * 1024;

    /// <summary>
    /// Rounds of the flusher for which messages of a stream to many are left to come together. Each peer gets a part of them alone, and the
    /// waking of each costs as much as some dozens of messages.
    /// </summary>
    private const int RoundsOfStream = 3;

    /// <summary>Attempts of a blocking sender without progress before it sleeps: some 50 µs.</summary>
    private const int PushAttempts = 100;

    /// <summary>Payloads of at least so many bytes go the long way: out of the caller's own memory.</summary>
    public const int LongPayload = 64 * 1024;

    private readonly Link _link;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private readonly bool _isMemory;
    private readonly WriteMode _writeMode;
    private readonly FlushWaiters _flushing = new();
    private LinkOperation? _writing;
    private volatile OutputState _state;
    private BurstDetector _burst;

    // Whether the flusher comes by, whatever is left lying meanwhile.
    private bool _isAtFlusher;
    private int _roundsLeft;

    public LinkOutput(Link link)
    {
        _link = link;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _isMemory = link.Memory?.Output is not null;
        _writeMode = _endpoint.Settings.Writing;
    }

    /// <summary>The message that is being written out of its sender's memory.</summary>
    public LinkOperation? Writing => _writing;

    /// <summary>Whether something lies that the flusher will write.</summary>
    public bool IsDeferred => _state == OutputState.Deferred;

    /// <summary>Whether there is no room: the pump goes on when it is told of some.</summary>
    public bool IsBlocked => _state == OutputState.Blocked;

    /// <summary>Whether the peer takes nothing more, for good.</summary>
    public bool IsBroken => _state == OutputState.Broken;

    /// <summary>Whether nothing is written now: the pump goes on, or nobody does.</summary>
    public bool TakesNoMore => _state >= OutputState.Blocked;

    /// <summary>Bytes that the kernel has not taken. Under the send lock.</summary>
    public long Unwritten => (long)_connection.Unflushed + _connection.LongRest;

    /// <summary>Whether a blocked flush may go on when the descriptor was readable, since writable it always is.</summary>
    public bool TellsRoomByReading => _isMemory || _connection.Room is not null;

    /// <summary>
    /// Writes what a busy sender left lying. By senders before they wait, and when all have run who were told of an answer together.
    /// </summary>
    public void FlushDeferred() => FlushDeferred(isFlusher: false);

    /// <summary>The flusher is here, and comes by no more until it is asked again. By its thread.</summary>
    public void OnRound() => FlushDeferred(isFlusher: true);

    private void FlushDeferred(bool isFlusher)
    {
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (_link.Sending.Hold())
        {
            if (isFlusher)
            {
                _roundsLeft--;
                _isAtFlusher = IsDeferred && _roundsLeft > 0 && Flusher.TryAdd(this);
            }

            if (IsDeferred && !(isFlusher && _isAtFlusher))
            {
                needsPump = FlushNow();
                CompleteWriting(completions);
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>
    /// Writes on while the peer reads along. The kernel calls a socket writable only when most of its buffer is empty; a blocking sender of
    /// a long message that tries again before that keeps both sides busy. Ends when the message is through or nothing has moved for a
    /// while; then the sender sleeps like everybody.
    /// </summary>
    public void Push(LinkOperation operation)
    {
        for (int idle = 0; idle < PushAttempts && !operation.IsClaimed && operation.At == LinkOperation.Stage.Writing; idle++)
        {
            Thread.Yield();
            using (Completions completions = Completions.Rent())
            using (_link.Sending.Hold())
            {
                int before = _connection.LongRest;
                if (!IsBroken && _link.State != LinkState.Down && Write() == FlushResult.Done)
                {
                    _ = _link.Sending.GoOn(completions);
                }

                if (_connection.LongRest < before)
                {
                    idle = 0;
                }
            }
        }
    }

    /// <summary>There is no room.</summary>
    public void Block() => Become(OutputState.Blocked);

    /// <summary>There is room, or the link is over.</summary>
    public void Unblock()
    {
        if (IsBlocked)
        {
            Become(OutputState.Idle);
            if (_link.Receiving.Inbound.IsHeadTold)
            {
                _endpoint.Receivers.HandOutAgain();
            }
        }
    }

    /// <summary>
    /// What the connection throws when it is written to: nothing more is written, and nobody waits here for an answer to what it was about
    /// to write. Under the send lock.
    /// </summary>
    private void Break(Exception exception, LinkOperation? call = null)
    {
        if (call is not null)
        {
            _link.Calls.Pending.Remove(call.Header.Id);
        }

        Unblock();
        Become(OutputState.Broken);
        _link.Fail(exception);
    }

    /// <summary>The link is over: the flusher finds nothing here any more.</summary>
    public void Forget()
    {
        if (IsDeferred)
        {
            Become(OutputState.Idle);
        }
    }

    private void Become(OutputState next)
    {
        OutputState before = _state;
        Debug.Assert(before != OutputState.Broken || next == OutputState.Broken, "What is broken stays so.");
        if (next == before)
        {
            return;
        }

        _state = next;
        if (before == OutputState.Deferred || next == OutputState.Deferred)
        {
            _endpoint.Table.CountDeferred(next == OutputState.Deferred ? +1 : -1);
        }

        if (before == OutputState.Blocked || next == OutputState.Blocked)
        {
            _endpoint.Pump.Awaited.CountBlocked(next == OutputState.Blocked ? +1 : -1);
        }
    }

    /// <summary>
    /// Writes at once, or, in the middle of a stream of messages, when enough lies together. True when somebody must pump for the rest.
    /// </summary>
    /// <param name="mayWait">Whether nobody waits for an answer to it: where messages are buffered it is left lying.</param>
    /// <param name="isStream">Whether more is known to follow at once.</param>
    public bool FlushSoon(bool mayWait = false, bool isStream = false)
    {
        if (TakesNoMore)
        {
            return false;
        }

        if (!_isMemory
            && _connection.Unflushed < BatchBytes
            && !_connection.HasLong
            && IsPutOff(mayWait, isStream, out bool isWrittenBehind))
        {
            if (!IsDeferred)
            {
                Become(OutputState.Deferred);
                if (isWrittenBehind)
                {
                    return false;
                }

                _roundsLeft = isStream ? RoundsOfStream : 1;
                if (_writeMode == WriteMode.Balanced && !(_isAtFlusher || (_isAtFlusher = Flusher.TryAdd(this))))
                {
                    return FlushNow();
                }
            }

            return false;
        }

        return FlushNow();
    }

    /// <summary>Writes at once. True when somebody must pump for the rest.</summary>
    public bool FlushNow()
    {
        if (IsBroken || _link.State == LinkState.Down)
        {
            return false;
        }

        switch (Write())
        {
            case FlushResult.Done:
                if (IsDeferred)
                {
                    Become(OutputState.Idle);
                }

                if (_link.IsLingering)
                {
                    _connection.Abort();
                }

                _link.Pause.NoteWrittenOut();
                return false;
            case FlushResult.Blocked:
                Block();
                _link.Pause.UpdateInterest();
                return true;
            default:
                // What the peer sent before it went is still to be read; its end is then seen there.
                Unblock();
                Become(OutputState.Broken);
                _link.Pause.UpdateInterest();
                return true;
        }
    }

    /// <summary>Writes what lies there; whether nothing is left.</summary>
    public bool IsWrittenOut()
    {
        if (IsBroken)
        {
            return true;
        }

        if (!IsBlocked && (_connection.Unflushed > 0 || _connection.HasLong))
        {
            FlushNow();
        }

        return IsBroken || (_connection.Unflushed == 0 && !_connection.HasLong);
    }

    /// <summary>Hands over as much as goes without blocking, and counts it for those who wait. Under the send lock.</summary>
    public FlushResult Write()
    {
        if (!_flushing.Any && !_link.Sending.Window.HasHalfWritten && !_link.Pause.IsAwaited)
        {
            return FlushConnection();
        }

        long before = Unwritten;
        FlushResult result = FlushConnection();
        long written = before - Unwritten;
        _link.Sending.Window.Written(written);
        _link.Pause.Written(written);
        _flushing.Written(written);
        return result;
    }

    /// <summary>
    /// What is thrown here, which may be by the memory of a message that its sender owns, is the link's end, and not that of the
    /// thread that happens to write. Under the send lock.
    /// </summary>
    private FlushResult FlushConnection()
    {
        try
        {
            return _connection.Flush();
        }
        catch (Exception exception)
        {
            _link.Fail(exception);
            return FlushResult.Broken;
        }
    }

    /// <summary>Whether a message of this kind is left lying until more have come together.</summary>
    /// <param name="mayWait">Whether nobody waits for an answer to it.</param>
    /// <param name="isStream">Whether more is known to follow at once.</param>
    /// <param name="isWrittenBehind">Whether <see cref="Continuations"/> write it, and not the <see cref="Flusher"/>.</param>
    private bool IsPutOff(bool mayWait, bool isStream, out bool isWrittenBehind)
    {
        isWrittenBehind = false;
        switch (_writeMode)
        {
            case WriteMode.Balanced:
                isWrittenBehind = _endpoint.Pump.Told.IsHere;
                return isWrittenBehind || isStream || _burst.Note();
            case WriteMode.Buffered:
                return mayWait;
            default:
                return false;
        }
    }
}

/// <summary>What a link writes with: the order is that of what is left to do.</summary>
internal enum OutputState : byte
{
    /// <summary>All is written, or about to be.</summary>
    Idle,

    /// <summary>Something lies that the flusher will write.</summary>
    Deferred,

    /// <summary>The kernel, or the peer's memory, is full: the pump goes on when it is told of room.</summary>
    Blocked,

    /// <summary>The peer takes nothing more. For good.</summary>
    Broken,
}
