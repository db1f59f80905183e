using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// One end of a connection through memory. It receives in a ring of its own and sends in the peer's. What fits is written where the peer reads it; what is too long for the ring, or finds it
/// full, goes through it in pieces of an ordinary stream of frames, which the peer puts together. The socket over which the ends have met is the doorbell, and its end the peer's death.
/// </summary>
internal sealed partial class SharedMemoryConnection : Connection
{
    /// <summary>Shorter ones are copied where the ring is full.</summary>
    private const int LongPayload = 64 * 1024;

    private readonly Descriptor _socket;
    private readonly RingMemory _memory;
    private readonly RingReader _reader;
    private readonly OutputQueue _overflow = new(FairleadFraming.Instance);
    private RingMemory? _peerMemory;
    private RingWriter? _writer;
    private RingMemory? _loaned;
    private bool _isInRing;
    private volatile bool _hasHungUp;
    private volatile bool _hasWoken;

    /// <summary>Makes the memory to receive in and passes it to the peer.</summary>
    /// <param name="socket">The connection owns it.</param>
    /// <param name="capacity">Of the ring.</param>
    /// <param name="peer">Who it is.</param>
    /// <param name="hearsBroadcasts">Whether a peer that writes the same for many may pass memory for that.</param>
    public SharedMemoryConnection(Descriptor socket, long capacity, Peer peer, bool hearsBroadcasts)
    {
        _socket = socket;
        HearsBroadcasts = hearsBroadcasts;
        Peer = peer;
        using Descriptor file = MemoryFile.Create("fairlead ring", RingMemory.ControlSize + capacity);
        _memory = new RingMemory(file, capacity);
        _reader = new RingReader(_memory, RingBell);
        InitializeControl(capacity);

        // A fresh socket has room for it; a peer that is gone already is seen by the first look.
        _ = Rendezvous.Send(socket, file, capacity, hearsBroadcasts);
    }

    public override TransportCapabilities Capabilities => SharedMemoryTransport.Capabilities | TransportCapabilities.Protocol;

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _socket;

    public override int Unflushed => _overflow.Buffered;

    /// <summary>What the ring has room for is written into it. Out of its sender's memory goes only what does not find any now, and is long.</summary>
    public override int LongThreshold => Math.Max(LongPayload, _overflow.IsEmpty && _writer is { } writer ? writer.LongestNow + 1 : 0);

    public override bool HasLong => _overflow.HasLong;

    public override int LongRest => _overflow.Second.Length;

    public override bool AnnouncesWaits => true;

    public override bool TellsRoomByReading => true;

    public override bool FlushesCheaply => true;

    public override bool HasArrived => _hasHungUp || _passed is not null || _reader.HasArrived;

    public override bool HasPart => _pieces.HasPart;

    public override void TrustLengths() => _pieces.TrustsLengths = true;

    public override Span<byte> Reserve(int bodyLength)
    {
        _isInRing = false;
        if (_overflow.IsEmpty && _writer is { } writer && writer.TryReserve(bodyLength, out Span<byte> body))
        {
            _isInRing = true;
            return body;
        }

        return _overflow.Reserve(bodyLength);
    }

    public override void Commit(in MessageHeader header)
    {
        if (_isInRing)
        {
            _writer!.Commit(header);
        }
        else
        {
            _overflow.Commit(header);
        }
    }

    public override bool TrySend(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        if (!_overflow.IsEmpty || _writer is not { } writer || !writer.TryWrite(header, head, payload, out Sleeper sleeper))
        {
            return false;
        }

        Wake(sleeper);
        return true;
    }

    public override bool TrySendPlain(uint ack, ReadOnlySpan<byte> payload)
    {
        if (!_overflow.IsEmpty || _writer is not { } writer || !writer.TryWritePlain(ack, payload, out Sleeper sleeper))
        {
            return false;
        }

        Wake(sleeper);
        return true;
    }

    public override bool TryLoan(int bodyLength, out Memory<byte> body)
    {
        body = default;
        if (_loaned is not null || !_overflow.IsEmpty || _writer is not { } writer || !writer.TryLoan(bodyLength, out int at))
        {
            return false;
        }

        // Stays mapped for as long as somebody may write into it, whatever becomes of the connection. The release is EndLoan.
        bool isHeld = false;
        _peerMemory!.DangerousAddRef(ref isHeld);
        _loaned = _peerMemory;
        body = _peerMemory.Writable.Slice(at, bodyLength);
        return true;
    }

    public override bool HoldsLoan => _loaned is not null && _overflow.IsEmpty && _writer!.HoldsLoan;

    public override void CommitLoan(in MessageHeader header) => _writer!.CommitLoan(header);

    public override void EndLoan()
    {
        if (_loaned is { } memory)
        {
            _loaned = null;
            _writer!.EndLoan();
            memory.DangerousRelease();
        }
    }

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) => _overflow.BeginLong(header, head, payload);

    public override void DetachLong() => _overflow.DetachLong();

    /// <summary>A peer that has died is no concern here: what is written is gone with it, and why it has is seen by who reads.</summary>
    public override FlushResult Flush()
    {
        if (Volatile.Read(ref _writer) is not { } writer)
        {
            return _overflow.IsEmpty ? FlushResult.Done : FlushResult.Blocked;
        }

        while (!_overflow.IsEmpty)
        {
            int count = writer.WritePiece(_overflow.First, _overflow.Second, _overflow.Third);
            if (count > 0)
            {
                _overflow.Written(count);
                Wake(writer.Publish());
            }
            else if (writer.IsCorrupt)
            {
                return FlushResult.Broken;
            }
            else if (writer.PrepareWait())
            {
                return FlushResult.Blocked;
            }
        }

        Wake(writer.Publish());
        return FlushResult.Done;
    }

    public override bool PrepareWait() => _hasHungUp || _reader.PrepareWait();

    public override void EndWait() => _reader.EndWait();

    public override bool CanPark => true;

    public override void Park(TimeSpan timeout, Func<bool> mayNot)
    {
        if (!_hasHungUp)
        {
            _reader.Park(timeout, mayNot);
        }
    }

    public override void Unpark() => _reader.Unpark();

    public override bool TryStay()
    {
        if (_hasHungUp || !_reader.TryStay())
        {
            return false;
        }

        // The memory stays mapped while somebody sleeps on it, whatever becomes of the connection.
        bool isHeld = false;
        _memory.DangerousAddRef(ref isHeld);
        return true;
    }

    public override void Stay() => _reader.Stay();

    public override void EndStay(bool passesOn)
    {
        if (passesOn)
        {
            _reader.PassOn();
        }

        _memory.DangerousRelease();
    }

    public override bool TakeHasWoken()
    {
        bool hasWoken = _hasWoken;
        _hasWoken = false;
        return hasWoken;
    }

    public override void EndSending()
    {
        if (_writer is { } writer)
        {
            Wake(writer.End());
        }
        else
        {
            // The peer has never seen a ring of ours to look at.
            _socket.ShutdownSocket(ShutdownHow.Write);
        }
    }

    public override void Abort() => _socket.ShutdownSocket(ShutdownHow.Both);

    public override void Dispose()
    {
        _socket.Dispose();
        _passed?.Dispose();
        _passedBroadcast?.Dispose();
        _broadcast?.Dispose();
        _overflow.Dispose();
        _pieces.Dispose();
        _packer.Dispose();

        // Leases hold it on.
        _memory.Dispose();
        _peerMemory?.Dispose();
    }

    private unsafe void InitializeControl(long capacity)
    {
        byte* control = _memory.Control;
        *(uint*)(control + RingLayout.VersionAt) = RingLayout.Version;
        *(long*)(control + RingLayout.CapacityAt) = capacity;

        // Asleep until somebody leads: who arms the endpoint before that need not know of it.
        *(int*)(control + RingLayout.ReaderAt) = RingLayout.BehindBell;
        *(int*)(control + RingLayout.ReceiverFencesAt) = RemoteFence.IsAvailable ? 1 : 0;
        *(uint*)(control + RingLayout.MagicAt) = RingLayout.Magic;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Wake(Sleeper sleeper)
    {
        if (sleeper != Sleeper.None)
        {
            NoteWoken(sleeper);
        }
    }

    private void NoteWoken(Sleeper sleeper)
    {
        _hasWoken = true;
        if (sleeper == Sleeper.BehindBell)
        {
            RingBell();
        }
    }

    /// <summary>Any thread. A socket that is full of bells rings anyway; one that is closed has nobody to wake.</summary>
    private void RingBell()
    {
        ReadOnlySpan<byte> bell = [1];
        _ = _socket.Write(bell);
    }
}
