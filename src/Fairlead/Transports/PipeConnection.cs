using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports;

/// <summary>A connection over one or two pipes: one to read from, one to write to.</summary>
/// <remarks>Without one of them, its direction is not used.</remarks>
internal sealed class PipeConnection : Connection
{
    /// <summary>The most bytes that the kernel writes into a pipe atomically: <c>PIPE_BUF</c> of Linux.</summary>
    public const int LongestAtomic = 4096;

    private const int MostDiscarded = 4 * 1024 * 1024;

    /// <summary>How long one pipe may stay open after the other was closed, before that counts as a death.</summary>
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
    private long _cutBytes;
    private long _toldBytes;
    private bool _hasHeard;
    private bool _isEndDue;
    private bool _hasFailed;
    private bool _hasGivenGrace;
    private volatile bool _isTargetGone;
    private volatile bool _isAborted;

    /// <summary>Creates the connection, which owns both descriptors from now on, unless this throws.</summary>
    /// <param name="source">The pipe to read from.</param>
    /// <param name="target">The pipe to write to.</param>
    /// <param name="framing">The framing.</param>
    /// <param name="capabilities">The capabilities of the transport.</param>
    /// <param name="peer">The process at the other end, with the known parts.</param>
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

    /// <summary>Whether other processes write into the same pipe. Each write must then be atomic, and longer messages are
    /// refused.</summary>
    public bool HasOtherWriters { get; init; }

    /// <summary>Whether the connection outlives the last writer, because another one may open the same FIFO.</summary>
    public bool OutlivesWriters { get; init; }

    /// <summary>Whether to discard unread data at the end, because it does not belong to later connections.</summary>
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
                $"a message of {body.Length} bytes could be mixed with bytes of other writers; the limit is {LongestBody}",
                "Send less, or use ?writers=1 if this is the only writer.");
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
        // When the last reader of a pipe is gone, only its writer gets an error event.
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

        // While no process has the FIFO open for writing, the kernel would report its end again and again. This side then becomes a writer
        // itself, until data arrives.
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
            // No process has opened it for writing yet. If the one that would have done so has died, the other pipe shows it.
            return _isTargetGone ? FillResult.Broken : FillResult.Drained;
        }

        _input.Ended();
        return FillResult.End;
    }

    /// <summary>Returns whether data or the end is still to come, although the other end has no reader any more.</summary>
    /// <remarks>
    /// A closing peer closes its writing end first. But a child that the peer has just started holds both pipes until it runs its program,
    /// and closes them in any order. Waits for that once.
    /// </remarks>
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
            // The last writer is gone, so its unfinished message stays unfinished.
            _isEndDue = false;
            _dropped += _input.HasPart ? 1 : 0;
            _cutBytes += _input.PartLength;
            _input.Restart();
        }

        return false;
    }

    public override int TakeDropped(out long skipped)
    {
        long all = _input.Skipped + _cutBytes;
        skipped = all - _toldBytes;
        _toldBytes = all;
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

        // The peer must read the end before it finds no reader, which it would take for a death.
        _target?.Dispose();
        _stopper?.Dispose();
        _source?.Dispose();
        _abort.Dispose();
        _output.Dispose();
        _input.Dispose();
        OnClosed?.Invoke();
    }

    /// <summary>Discards the content of a pipe, up to a limit. Returns true if no process has it open for writing.</summary>
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

    /// <summary>Returns the bytes of as many of the first messages as fit into one atomic write.</summary>
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
