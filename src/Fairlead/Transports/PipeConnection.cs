using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// A connection over one pipe, or two: one to read from, one to write to. Where one of them is missing, its direction is never used.
/// </summary>
internal sealed class PipeConnection : Connection
{
    /// <summary>Bytes that the kernel writes into a pipe in one piece, whoever else writes into it: <c>PIPE_BUF</c> of Linux.</summary>
    public const int LongestAtomic = 4096;

    private const int MostDiscarded = 4 * 1024 * 1024;

    /// <summary>How long the one pipe may stay open when the other has been closed, before that is taken for a death.</summary>
    private static readonly TimeSpan EndGrace = TimeSpan.FromMilliseconds(200);

    private readonly Descriptor? _source;
    private readonly Descriptor? _target;
    private readonly StreamFraming _framing;
    private readonly OutputQueue _output;
    private readonly StreamInput _input;
    private readonly EventDescriptor _abort = new();
    private readonly Queue<int> _lengths = new();
    private Descriptor? _stopper;
    private int _dropped;
    private bool _hasHeard;
    private bool _isEndDue;
    private bool _hasFailed;
    private bool _hasGivenGrace;
    private volatile bool _isTargetGone;
    private volatile bool _isAborted;

    /// <summary>Takes over both descriptors.</summary>
    /// <param name="source">What is read from.</param>
    /// <param name="target">What is written to.</param>
    /// <param name="framing">How messages are told apart.</param>
    /// <param name="capabilities">Of the transport.</param>
    /// <param name="peer">Who is at the other end, as far as it is known.</param>
    public PipeConnection(Descriptor? source, Descriptor? target, StreamFraming framing, TransportCapabilities capabilities, Peer peer)
    {
        _source = source;
        _target = target;
        bool isDuplex = source is not null && target is not null;
        _framing = framing.IsFairlead && !isDuplex ? SimplexFraming.Instance : framing;
        _output = new OutputQueue(_framing);
        _input = new StreamInput(_framing);
        Capabilities = framing.IsFairlead
            ? capabilities
                | TransportCapabilities.KeepsBoundaries
                | (isDuplex ? TransportCapabilities.Protocol : TransportCapabilities.None)
            : capabilities;
        Peer = peer;
    }

    /// <summary>
    /// Whether others write into the same pipe: then each write is one that stays whole, and a message that could not is refused.
    /// </summary>
    public bool HasOtherWriters { get; init; }

    /// <summary>Whether the end of the last writer is not the end, since another one may open the same FIFO.</summary>
    public bool OutlivesWriters { get; init; }

    /// <summary>What lies unread when this connection ends is thrown away: it belongs to nobody who comes later.</summary>
    public bool EmptiesSource { get; init; }

    /// <summary>Called when the descriptors have been closed.</summary>
    public Action? OnClosed { get; init; }

    public override TransportCapabilities Capabilities { get; }

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _source ?? _target!;

    public override Descriptor? OutputDescriptor => _source is null ? null : _target;

    public override Descriptor AbortDescriptor => _abort.Descriptor;

    public override int Unflushed => _output.Buffered;

    public override int LongThreshold => HasOtherWriters ? int.MaxValue : 64 * 1024;

    public override bool HasLong => _output.HasLong;

    public override int LongRest => _output.Second.Length;

    public override bool HasPart => _input.HasPart;

    private int LongestBody => LongestAtomic - _framing.PrefixLength - _framing.SuffixLength;

    public override void Check(ReadOnlySpan<byte> body)
    {
        _framing.Check(body);
        if (HasOtherWriters && _framing.PrefixLength + body.Length + _framing.SuffixFor(body.Length) > LongestAtomic)
        {
            throw new FairleadException(
                ErrorCode.TooLarge,
                $"a message of {body.Length} bytes could get mixed with those of other writers; up to {LongestBody} stay whole",
                "Send less, or say ?writers=1 where nobody else writes there.");
        }
    }

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header)
    {
        int before = _output.Buffered;
        _output.Commit(header);
        if (HasOtherWriters)
        {
            _lengths.Enqueue(_output.Buffered - before);
        }
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush()
    {
        while (!_output.IsEmpty)
        {
            int whole = HasOtherWriters ? WholeMessages() : 0;
            IoResult result = _target is null ? IoResult.Failed(Errno.EBADF)
                : whole > 0 ? _target.Write(_output.First[..whole])
                : _output.HasLong ? _target.Write(_output.First, _output.Second, _output.Third)
                : _target.Write(_output.First);
            if (result.WouldBlock)
            {
                return FlushResult.Blocked;
            }

            if (!result.Ok)
            {
                return FlushResult.Broken;
            }

            _output.Written(result.Count);
            for (int rest = whole; rest > 0;)
            {
                // The kernel writes all of it or nothing.
                rest -= _lengths.Dequeue();
            }
        }

        return FlushResult.Done;
    }

    public override void OnReady(PollEvents events)
    {
        // A pipe reports an error when its last reader has gone, to its writer alone.
        _isTargetGone |= (events & PollEvents.Error) != 0;
        _hasHeard |= (events & PollEvents.HangUp) != 0;
    }

    public override FillResult Fill()
    {
        if (_isAborted)
        {
            return FillResult.Broken;
        }

        if (_source is null)
        {
            return _isTargetGone ? FillResult.Broken : FillResult.Drained;
        }

        // While nobody has the FIFO open for writing its end would be reported again and again: then this side is a writer itself, until
        // something comes.
        _stopper?.Dispose();
        _stopper = null;
        Span<byte> room = _input.Room();
        IoResult result = _source.Read(room);
        if (result.WouldBlock)
        {
            return !_isTargetGone ? FillResult.Drained : IsEndComing() ? Fill() : FillResult.Broken;
        }

        if (!result.Ok)
        {
            _input.Ended();
            return FillResult.Broken;
        }

        if (!result.IsEnd)
        {
            _hasHeard = true;
            _input.Filled(result.Count);
            return FillResult.More;
        }

        if (OutlivesWriters)
        {
            _input.Ended();
            _isEndDue = true;
            _stopper = NativeFile.Reopen(_source, OpenFlags.WriteOnly, out Errno error);
            return _stopper is null && error != Errno.ENXIO ? FillResult.Broken : FillResult.Drained;
        }

        if (!_hasHeard)
        {
            // Nobody has opened it for writing yet; and who would have may have died, which the other pipe tells.
            return _isTargetGone ? FillResult.Broken : FillResult.Drained;
        }

        _input.Ended();
        return FillResult.End;
    }

    /// <summary>
    /// Whether more comes, or the end, although nobody reads at the other end. It closes what it writes to first; but a process that it has
    /// just started has both until it runs its program, and lets go of them one by one, in any order. Waits for that once.
    /// </summary>
    private bool IsEndComing()
    {
        if (_hasGivenGrace)
        {
            return false;
        }

        _hasGivenGrace = true;
        return BlockingWait.Wait(_source!, PollEvents.Read, EndGrace) != PollEvents.None;
    }

    public override bool TryTake(out Incoming message)
    {
        try
        {
            while (_input.TryTake(ReceiveLimit, out message))
            {
                if (message.Header.Kind != MessageKind.Dropped || _framing.IsFairlead)
                {
                    _input.ExpectsHandshake = false;
                    return true;
                }

                _dropped++;
                message.Release();
            }
        }
        catch (FairleadException)
        {
            _hasFailed = true;
            throw;
        }

        if (_isEndDue)
        {
            // The last writer has gone: what it left unfinished nobody will finish.
            _isEndDue = false;
            _dropped += _input.HasPart ? 1 : 0;
            _input.Restart();
        }

        return false;
    }

    public override int TakeDropped()
    {
        int dropped = _dropped;
        _dropped = 0;
        return dropped;
    }

    public override void TrustLengths() => _input.TrustsLengths = true;

    public override void EndSending() => _target?.Dispose();

    public override void Abort()
    {
        _isAborted = true;
        _abort.Signal();
    }

    public override void Dispose()
    {
        if (_source is not null && (EmptiesSource || _hasFailed))
        {
            Discard(_source);
        }

        // The peer shall read the end before it finds that nobody reads: else it takes this for a death.
        _target?.Dispose();
        _stopper?.Dispose();
        _source?.Dispose();
        _abort.Dispose();
        _output.Dispose();
        _input.Dispose();
        OnClosed?.Invoke();
    }

    /// <summary>Reads away what lies in a pipe, within reason. True when nobody has it open for writing.</summary>
    public static bool Discard(Descriptor source)
    {
        byte[] buffer = new byte[64 * 1024];
        for (int discarded = 0; discarded < MostDiscarded;)
        {
            IoResult result = source.Read(buffer);
            if (result.Count == 0)
            {
                return result.IsEnd;
            }

            discarded += result.Count;
        }

        return false;
    }

    /// <summary>Bytes of as many messages, from the first on, as one write keeps together.</summary>
    private int WholeMessages()
    {
        int whole = 0;
        foreach (int length in _lengths)
        {
            if (whole > 0 && whole + length > LongestAtomic)
            {
                break;
            }

            whole += length;
        }

        return whole;
    }
}
