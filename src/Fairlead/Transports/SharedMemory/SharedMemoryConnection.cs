using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.SharedMemory;

/// <summary>One end of a shared-memory connection: receives in its own ring and sends in the peer's.</summary>
/// <remarks>
/// The socket over which the ends have met is the doorbell, and its end means the peer's death. This type owns the socket and handles what
/// comes through it: the peer's memory, doorbells, the end. <see cref="RingOutput"/> sends. <see cref="RingInput"/> and
/// <see cref="RingBroadcastInput"/> receive. <see cref="RingSleep"/> handles sleeping.
/// </remarks>
internal sealed unsafe class SharedMemoryConnection : Connection
{
    private readonly Descriptor _socket;
    private readonly RingMemory _memory;
    private readonly RingReader _reader;
    private readonly RingOutput _output;
    private readonly RingInput _input;
    private readonly RingBroadcastInput? _broadcasts;
    private readonly byte[] _hello = new byte[Rendezvous.Size];
    private int _helloRead;
    private Descriptor? _passed;
    private Descriptor? _passedBroadcast;
    private bool _areFilesCut;
    private volatile bool _hasHungUp;

    /// <summary>Creates the memory to receive in, and passes it to the peer.</summary>
    /// <param name="socket">The socket, owned by the connection.</param>
    /// <param name="capacity">The capacity of the ring.</param>
    /// <param name="peer">The process at the other end.</param>
    /// <param name="hearsBroadcasts">Whether the peer may pass memory for broadcasts.</param>
    public SharedMemoryConnection(Descriptor socket, long capacity, Peer peer, bool hearsBroadcasts)
    {
        _socket = socket;
        Peer = peer;
        using Descriptor file = MemoryFile.Create("fairlead ring", RingMemory.ControlSize + capacity);
        _memory = new RingMemory(file, capacity);
        _reader = new RingReader(_memory, RingDoorbell);
        _broadcasts = hearsBroadcasts ? new RingBroadcastInput(_memory, _reader, this, OpenPassedBroadcast) : null;
        _input = new RingInput(_reader, _broadcasts, this);
        _output = new RingOutput(RingDoorbell);
        Memory = new RingChannel(_output, _input, new RingSleep(_memory, _reader, this), _broadcasts);
        InitializeControl(capacity);

        // A new socket has space for it. If the peer is gone already, the first poll shows it.
        _ = Rendezvous.Send(socket, file, capacity, hearsBroadcasts);
    }

    public override TransportCapabilities Capabilities => SharedMemoryTransport.Capabilities | TransportCapabilities.Protocol;

    public override Peer Peer { get; }

    public override Descriptor WaitDescriptor => _socket;

    /// <inheritdoc/>
    public override MemoryChannel Memory { get; }

    /// <inheritdoc/>
    public override SleepAnnouncer Sleep => Memory.Sleep;

    public override int Unflushed => _output.Unflushed;

    public override int LongThreshold => _output.LongThreshold;

    public override bool HasLong => _output.HasLong;

    public override int LongRest => _output.LongRest;

    public override bool HasPart => _input.HasPart;

    /// <summary>Whether the peer has closed its end of the socket, or died. Any thread.</summary>
    public bool HasHungUp => _hasHungUp;

    /// <summary>Whether something has come through the socket that needs handling.</summary>
    public bool HasNews => _hasHungUp || IsIntroduced;

    /// <summary>Whether the peer reads broadcasts. Known after its first message.</summary>
    public bool PeerHearsBroadcasts => _output.IsOpen && Rendezvous.HearsBroadcasts(_hello);

    /// <summary>The control page of the peer's ring, which the peer can write at any time. Valid until the connection is
    /// disposed.</summary>
    public byte* PeerControl => _output.Memory.Control;

    public override void TrustLengths() => _input.TrustLengths();

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush() => _output.Flush();

    /// <summary>Wakes the peer. Any thread, as long as the connection is not disposed.</summary>
    public void WakePeer() => _output.WakePeer();

    /// <summary>Passes a broadcast ring to the peer. Returns false if its socket is full of doorbells.</summary>
    public bool TryAdvance(Descriptor broadcast)
    {
        ReadOnlySpan<byte> bell = [1];
        return DescriptorPassing.Send(_socket, bell, broadcast).Ok;
    }

    /// <summary>Drains the doorbell, and receives the peer's memory.</summary>
    public override void OnReady(PollEvents events)
    {
        Span<byte> bells = stackalloc byte[256];
        while (!_hasHungUp)
        {
            bool isShaking = _helloRead < Rendezvous.Size;
            Descriptor? file = null;
            IoResult result = isShaking ? Receive(_hello.AsSpan(_helloRead), out file)
                : ExpectsBroadcast ? Receive(bells, out file)
                : _socket.Read(bells);
            if (result.WouldBlock)
            {
                return;
            }

            if (file is not null)
            {
                Keep(file, isShaking);
            }

            if (result.IsEnd || !result.Ok)
            {
                _hasHungUp = true;
            }
            else if (isShaking)
            {
                _helloRead += result.Count;
            }
            else if (result.Count < bells.Length)
            {
                return;
            }
        }
    }

    public override FillResult Fill()
    {
        if (!_output.IsOpen)
        {
            // The peer's data may arrive in this side's memory before its own memory was received, which an answer needs.
            OnReady(PollEvents.Read);
        }

        if (IsIntroduced)
        {
            TakePeerMemory();
        }

        // Read before polling: the poll then sees everything.
        bool hasHungUp = _hasHungUp;
        bool hasEnded = hasHungUp || _reader.HasEnded;
        bool hasSome = _input.Poll();
        return !hasEnded ? FillResult.Drained : hasSome ? FillResult.More : FillResult.End;
    }

    public override bool TryTake(out Incoming message) => _input.TryTake(out message);

    public override void EndSending()
    {
        if (!_output.TryEnd())
        {
            // The peer has not yet got a ring of this side.
            _socket.ShutdownSocket(ShutdownHow.Write);
        }
    }

    public override void Abort() => _socket.ShutdownSocket(ShutdownHow.Both);

    public override void Dispose()
    {
        _socket.Dispose();
        _passed?.Dispose();
        _passedBroadcast?.Dispose();
        _broadcasts?.Dispose();
        _input.Dispose();

        // Leases keep the memory mapped.
        _memory.Dispose();
        _output.Dispose();
    }

    // The introduction of the peer is there, with its memory or without.
    private bool IsIntroduced => _helloRead == Rendezvous.Size && !_output.IsOpen;

    private bool ExpectsBroadcast => _broadcasts is { Reader: null } && _passedBroadcast is null;

    /// <summary>Keeps a received file: the peer's ring or, later, the broadcast ring. Other files are closed.</summary>
    private void Keep(Descriptor file, bool isRing)
    {
        ref Descriptor? place = ref isRing ? ref _passed : ref _passedBroadcast;
        place?.Dispose();
        place = file;
    }

    private IoResult Receive(Span<byte> bytes, out Descriptor? file)
    {
        IoResult result = DescriptorPassing.Receive(_socket, bytes, out file, out bool isCut);
        _areFilesCut |= isCut;
        return result;
    }

    private void TakePeerMemory()
    {
        using Descriptor? passed = _passed;
        _passed = null;
        _output.Open(passed is null && _areFilesCut ? throw OutOfDescriptors() : Rendezvous.Accept(_hello, passed));
    }

    private BroadcastReader OpenPassedBroadcast()
    {
        // It was passed before the frame that refers to it.
        OnReady(PollEvents.Read);
        using Descriptor? file = _passedBroadcast;
        _passedBroadcast = null;
        return file is not null ? BroadcastReader.Accept(file, _memory)
            : throw (_areFilesCut
                ? OutOfDescriptors()
                : new FairleadException(ErrorCode.Corrupt, "the publisher referred to a broadcast ring but passed none"));
    }

    // The kernel discards a file that this process may not open.
    private static FairleadException OutOfDescriptors() =>
        new(ErrorCode.Unavailable, "the peer passed its memory, but this process has reached its limit of descriptors",
            "Close unneeded descriptors, or raise the limit (ulimit -n).");

    private void InitializeControl(long capacity)
    {
        byte* control = _memory.Control;
        *(uint*)(control + RingLayout.VersionAt) = RingLayout.Version;
        *(long*)(control + RingLayout.CapacityAt) = capacity;

        // Asleep until a thread leads. Arming the endpoint before that then needs no announcement.
        *(int*)(control + RingLayout.ReaderAt) = RingLayout.BehindDoorbell;
        *(int*)(control + RingLayout.ReceiverFencesAt) = RemoteFence.IsAvailable ? 1 : 0;
        *(uint*)(control + RingLayout.MagicAt) = RingLayout.Magic;
    }

    /// <summary>Rings the doorbell. Any thread. A full socket rings anyway; a closed one has no sleeper to wake.</summary>
    private void RingDoorbell()
    {
        ReadOnlySpan<byte> bell = [1];
        _ = _socket.Write(bell);
    }

    private sealed class RingChannel(RingOutput output, RingInput input, RingSleep sleep, RingBroadcastInput? broadcasts) : MemoryChannel
    {
        public override MemoryOutput Output => output;

        public override MemoryInput Input => input;

        public override MemorySleep Sleep => sleep;

        public override BroadcastInput? Broadcasts => broadcasts;
    }
}
