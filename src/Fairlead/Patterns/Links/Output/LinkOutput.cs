using System.Diagnostics;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Output;

/// <summary>
/// Moves the output of a link to the kernel or the peer's memory: immediately, in batches, or when there is capacity again.
/// </summary>
/// <remarks>
/// Owns the output state (<see cref="OutputState"/>), the long message that is being written from its sender's memory, and the callers that
/// wait for a flush. Under the link's send lock unless a member says otherwise. Called by <c>LinkSender</c> and all other writers,
/// by the <see cref="Flusher"/>, and by the pump.
/// </remarks>
internal sealed partial class LinkOutput : IDeferredOutput
{
    /// <summary>The bytes that a busy sender buffers before it writes them itself; the <see cref="Flusher"/> writes smaller
    /// batches.</summary>
    public const int BatchBytes = 64 * 1024;

    /// <summary>Payloads of at least this many bytes are written from the caller's own memory.</summary>
    public const int LongPayload = 64 * 1024;

    private readonly PeerLink _link;
    private readonly IOutputOwner _owner;
    private readonly SendSide _side;
    private readonly ReceiveSide _inbound;
    private readonly PendingCalls _calls;
    private readonly EndpointContext _endpoint;
    private readonly Connection _connection;
    private readonly bool _isMemory;
    private readonly WriteMode _writeMode;
    private readonly FlushWaiters _flushing = new();
    private LinkOperation? _writing;
    private volatile OutputState _state;
    private BurstDetector _burst;

    // The longest data message since everything was written.
    private long _longestUnwritten;

    // Whether the flusher has a visit scheduled.
    private bool _isAtFlusher;

    // Counted by the pump, without a lock.
    private int _roomReports;

    /// <param name="link">The link.</param>
    /// <param name="owner">Learns what became of the output.</param>
    /// <param name="side">The sending side, whose lock guards all this.</param>
    /// <param name="inbound">The receiving side, which every message acknowledges.</param>
    /// <param name="calls">The calls that wait for an answer.</param>
    public LinkOutput(PeerLink link, IOutputOwner owner, SendSide side, ReceiveSide inbound, PendingCalls calls)
    {
        _link = link;
        _owner = owner;
        _side = side;
        _inbound = inbound;
        _calls = calls;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
        _isMemory = link.Memory?.Output is not null;
        _writeMode = _endpoint.Settings.WriteMode;
        ConfirmWaiters = new ConfirmWaiters(link, side);
    }

    /// <summary>The callers that wait for acknowledgements. Under the send lock.</summary>
    public ConfirmWaiters ConfirmWaiters { get; }

    /// <summary>The callers that wait until the peer reads, who learn of what is written. Under the send lock.</summary>
    public ReaderWait? ReaderWait { get; set; }

    /// <summary>The message that is being written from its sender's memory.</summary>
    public LinkOperation? Writing => _writing;

    /// <summary>Whether there is output that the flusher will write, or <see cref="Continuations"/> will publish.</summary>
    public bool IsDeferred => _state == OutputState.Deferred;

    /// <summary>Whether the output is blocked: the pump continues when it learns of free capacity.</summary>
    public bool IsBlocked => _state == OutputState.Blocked;

    /// <summary>Whether the peer takes nothing more, permanently.</summary>
    public bool IsBroken => _state == OutputState.Broken;

    /// <summary>Whether nothing is written now, because the output is blocked or broken.</summary>
    public bool TakesNoMore => _state >= OutputState.Blocked;

    /// <summary>The bytes that the kernel has not taken. Under the send lock.</summary>
    public long Unwritten => (long)_connection.Unflushed + _connection.LongRest;

    /// <summary>The most bytes of data messages that the kernel may not have taken. Under the send lock.</summary>
    public long MostUnwrittenData => Math.Max(_endpoint.Settings.Capacity, _longestUnwritten);

    /// <summary>Whether a readable descriptor tells that a blocked flush may continue, because it is always writable.</summary>
    public bool TellsRoomByReading => _isMemory || _connection.Room is not null;

    /// <summary>Writes the output that a busy sender has deferred.</summary>
    /// <remarks>Called by senders before they wait, and after all continuations of one iteration have run.</remarks>
    public void FlushDeferred() => FlushDeferred(isFlusher: false);

    /// <summary>Writes as the flusher, which does not visit again until it is asked to. Called by its thread.</summary>
    public void OnRound() => FlushDeferred(isFlusher: true);

    private void FlushDeferred(bool isFlusher)
    {
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (_side.Hold())
        {
            if (isFlusher)
            {
                _isAtFlusher = false;
            }

            if (IsDeferred)
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

    /// <summary>How often capacity was reported. Read it before asking for capacity, and pass it to <see cref="TryBlock"/>.</summary>
    public int RoomReports => Volatile.Read(ref _roomReports);

    /// <summary>Notes an event that may report capacity. Returns whether the output is blocked. Called by the pump, without the send
    /// lock.</summary>
    /// <remarks>
    /// Needed if <see cref="TellsRoomByReading"/>: such a report comes once. A sender may have found no capacity before it, and note that
    /// after it. This counts before it checks, and the sender notes before it compares: one of the two sees the other.
    /// </remarks>
    public bool ReportRoom()
    {
        Interlocked.Increment(ref _roomReports);
        return IsBlocked;
    }

    /// <summary>Notes that the capacity is used up. Returns false if there is capacity again: the caller asks again.</summary>
    public bool TryBlock(int reports)
    {
        Become(OutputState.Blocked);
        Interlocked.MemoryBarrier();
        return reports == RoomReports;
    }

    /// <summary>Notes that there is capacity, or that the link is over.</summary>
    public void Unblock()
    {
        if (IsBlocked)
        {
            Become(OutputState.Idle);
            _owner.OnUnblocked();
        }
    }

    /// <summary>Handles an exception of a write: nothing more is written, and the call about to be written is removed.</summary>
    /// <remarks>Under the send lock.</remarks>
    private void Break(Exception exception, LinkOperation? call = null)
    {
        if (call is not null)
        {
            _calls.Remove(call.Header.Id);
        }

        Unblock();
        Become(OutputState.Broken);
        _link.Fail(exception);
    }

    /// <summary>Leaves nothing for the flusher, because the link is over.</summary>
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
        Debug.Assert(before != OutputState.Broken || next == OutputState.Broken, "A broken output stays broken.");
        if (next == before)
        {
            return;
        }

        _state = next;
        if (before == OutputState.Deferred || next == OutputState.Deferred)
        {
            _owner.OnDeferred(next == OutputState.Deferred);
        }

        if (before == OutputState.Blocked || next == OutputState.Blocked)
        {
            _endpoint.Pump.AwaitedEvents.CountBlocked(next == OutputState.Blocked ? +1 : -1);
        }
    }

    /// <summary>Writes immediately or, within a stream of messages, in batches. Returns true if a thread must pump for the rest.</summary>
    /// <param name="mayWait">Whether no caller waits for an answer: a buffering link then defers the message.</param>
    /// <param name="isStream">Whether more messages are known to follow immediately.</param>
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
                if (isWrittenBehind && (isStream || _endpoint.Pump.Continuations.IsHere))
                {
                    // Checked again behind the fence of Become: the watcher may have found this thread blocked, and nothing deferred.
                    return false;
                }

                if (_writeMode == WriteMode.Balanced && !(_isAtFlusher || (_isAtFlusher = Flusher.TryAdd(this))))
                {
                    return FlushNow();
                }
            }

            return false;
        }

        return FlushNow();
    }

    /// <summary>Writes immediately. Returns true if a thread must pump for the rest.</summary>
    public bool FlushNow()
    {
        if (IsBroken || _link.State == LinkState.Down)
        {
            return false;
        }

        bool wasBlocked = IsBlocked;
        FlushResult result;
        int reports;
        do
        {
            reports = RoomReports;
            result = Write();
        }
        while (result == FlushResult.Blocked && !TryBlock(reports));

        switch (result)
        {
            case FlushResult.Done:
                if (!wasBlocked)
                {
                    Unblock();
                }
                else if (_isMemory)
                {
                    // The pump goes on with what waits behind this. The peer may not ring for it, because this found the capacity first.
                    _endpoint.Pump.RequestTurnFromAnywhere();
                }

                if (IsDeferred)
                {
                    Become(OutputState.Idle);
                }

                _owner.OnWrittenOut();
                return false;
            case FlushResult.Blocked:
                _owner.OnStuck();
                return true;
            default:
                // The peer's earlier data still has to be read; reading then finds its end.
                Unblock();
                Become(OutputState.Broken);
                _owner.OnStuck();
                return true;
        }
    }

    /// <summary>Writes the buffered output. Returns whether nothing is left.</summary>
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

    /// <summary>Writes as much as possible without blocking, and counts it for waiting callers. Under the send lock.</summary>
    public FlushResult Write()
    {
        if (!_flushing.Any && !_side.Window.HasHalfWritten && ReaderWait is null)
        {
            return FlushConnection();
        }

        long before = Unwritten;
        FlushResult result = FlushConnection();
        long written = before - Unwritten;
        _side.Window.Written(written);
        ReaderWait?.Written(written);
        _flushing.Written(written);
        return result;
    }

    /// <summary>Flushes the connection. An exception ends the link but not the thread that happens to write.</summary>
    /// <remarks>The memory of a message that its sender owns may cause it. Under the send lock.</remarks>
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

    /// <summary>Returns whether a message is deferred until more have been buffered.</summary>
    /// <param name="mayWait">Whether no caller waits for an answer.</param>
    /// <param name="isStream">Whether more messages are known to follow immediately.</param>
    /// <param name="isWrittenBehind">Whether <c>FanOutBatch</c> or <see cref="Continuations"/> has it written.</param>
    private bool IsPutOff(bool mayWait, bool isStream, out bool isWrittenBehind)
    {
        isWrittenBehind = false;
        switch (_writeMode)
        {
            case WriteMode.Balanced:
                isWrittenBehind = isStream || _endpoint.Pump.Continuations.IsHere;
                return isWrittenBehind || _burst.Note(Stopwatch.GetTimestamp(), _connection.Unflushed);
            case WriteMode.Buffered:
                return mayWait;
            default:
                return false;
        }
    }
}

/// <summary>The state of a link's output, in order of the work that remains.</summary>
internal enum OutputState : byte
{
    /// <summary>Everything is written, or is about to be.</summary>
    Idle,

    /// <summary>There is output that the flusher will write, or the last of the continuations will publish.</summary>
    Deferred,

    /// <summary>The kernel's buffer or the peer's memory is full: the pump continues when it learns of free capacity.</summary>
    Blocked,

    /// <summary>The peer takes nothing more, permanently.</summary>
    Broken,
}
