using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// One end of a connection through memory. It receives in a ring of its own and sends in the peer's. The socket over which the ends have
/// met is the doorbell, and its end the peer's death.
/// </summary>
/// <remarks>
/// This type has the socket and what comes through it: the peer's memory, bells, the end. What is sent is the business of
/// <see cref="RingOutput"/>, what is received that of <see cref="RingInput"/> and <see cref="RingBroadcastInput"/>, and who sleeps where
/// that of <see cref="RingSleep"/>.
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
    private volatile bool _hasHungUp;

    /// <summary>Makes the memory to receive in and passes it to the peer.</summary>
    /// <param name="socket">The connection owns it.</param>
    /// <param name="capacity">Of the ring.</param>
    /// <param name="peer">Who it is.</param>
    /// <param name="hearsBroadcasts">Whether a peer that writes the same for many may pass memory for that.</param>
    public SharedMemoryConnection(Descriptor socket, long capacity, Peer peer, bool hearsBroadcasts)
    {
        _socket = socket;
        Peer = peer;
        using Descriptor file = MemoryFile.Create("fairlead ring", RingMemory.ControlSize + capacity);
        _memory = new RingMemory(file, capacity);
        _reader = new RingReader(_memory, RingBell);
        _broadcasts = hearsBroadcasts ? new RingBroadcastInput(_memory, _reader, this, OpenPassedBroadcast) : null;
        _input = new RingInput(_reader, _broadcasts, this);
        _output = new RingOutput(RingBell);
        Memory = new RingChannel(_output, _input, new RingSleep(_memory, _reader, this), _broadcasts);
        InitializeControl(capacity);

        // A fresh socket has room for it; a peer that is gone already is seen by the first look.
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

    /// <summary>Whether something has come through the socket that is to be looked at.</summary>
    public bool HasNews => _hasHungUp || _passed is not null;

    /// <summary>Whether the peer reads what is written once for many. Known when it has been heard.</summary>
    public bool PeerHearsBroadcasts => _output.IsOpen && Rendezvous.HearsBroadcasts(_hello);

    /// <summary>
    /// The control page of the ring in which the peer receives; it can write to it at any time. Until the connection is disposed.
    /// </summary>
    public byte* PeerControl => _output.Memory.Control;

    public override void TrustLengths() => _input.TrustLengths();

    public override Span<byte> Reserve(int bodyLength) => _output.Reserve(bodyLength);

    public override void Commit(in MessageHeader header) => _output.Commit(header);

    public override void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload) =>
        _output.BeginLong(header, head, payload);

    public override void DetachLong() => _output.DetachLong();

    public override FlushResult Flush() => _output.Flush();

    /// <summary>Any thread, as long as the connection is not disposed.</summary>
    public void WakePeer() => _output.WakePeer();

    /// <summary>Passes a broadcast ring to the peer; false when its socket is full of bells.</summary>
    public bool TryPass(Descriptor broadcast)
    {
        ReadOnlySpan<byte> bell = [1];
        return DescriptorPassing.Send(_socket, bell, broadcast).Ok;
    }

    /// <summary>Drains the doorbell, and takes the peer's memory when it comes.</summary>
    public override void OnReady(PollEvents events)
    {
        Span<byte> bells = stackalloc byte[256];
        while (!_hasHungUp)
        {
            bool isShaking = _helloRead < Rendezvous.Size;
            Descriptor? file = null;
            IoResult result = isShaking ? DescriptorPassing.Receive(_socket, _hello.AsSpan(_helloRead), out file)
                : ExpectsBroadcast ? DescriptorPassing.Receive(_socket, bells, out file)
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
            // The peer may be heard through our memory before we have looked for its own: an answer needs it.
            OnReady(PollEvents.Read);
        }

        if (_passed is not null && _helloRead == Rendezvous.Size)
        {
            TakePeerMemory();
        }

        // Asked before looking: what is seen after it is all that there is.
        bool hasHungUp = _hasHungUp;
        bool hasEnded = hasHungUp || _reader.HasEnded;
        bool hasSome = _input.Look();
        return !hasEnded ? FillResult.Drained : hasSome ? FillResult.More : FillResult.End;
    }

    public override bool TryTake(out Incoming message) => _input.TryTake(out message);

    public override void EndSending()
    {
        if (!_output.TryEnd())
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
        _broadcasts?.Dispose();
        _input.Dispose();

        // Leases hold it on.
        _memory.Dispose();
        _output.Dispose();
    }

    private bool ExpectsBroadcast => _broadcasts is { Reader: null } && _passedBroadcast is null;

    /// <summary>A file has come: the peer's ring, or behind it the one for all. Others are nobody's.</summary>
    private void Keep(Descriptor file, bool isRing)
    {
        ref Descriptor? place = ref isRing ? ref _passed : ref _passedBroadcast;
        place?.Dispose();
        place = file;
    }

    private void TakePeerMemory()
    {
        using Descriptor? passed = _passed;
        _passed = null;
        _output.Open(Rendezvous.Accept(_hello, passed));
    }

    private BroadcastReader OpenPassedBroadcast()
    {
        // It was passed before it was named.
        OnReady(PollEvents.Read);
        using Descriptor? file = _passedBroadcast;
        _passedBroadcast = null;
        return file is null
            ? throw new FairleadException(ErrorCode.Corrupt, "the publisher named a broadcast ring and passed none")
            : BroadcastReader.Accept(file, _memory);
    }

    private void InitializeControl(long capacity)
    {
        byte* control = _memory.Control;
        *(uint*)(control + RingLayout.VersionAt) = RingLayout.Version;
        *(long*)(control + RingLayout.CapacityAt) = capacity;

        // Asleep until somebody leads: who arms the endpoint before that need not know of it.
        *(int*)(control + RingLayout.ReaderAt) = RingLayout.BehindBell;
        *(int*)(control + RingLayout.ReceiverFencesAt) = RemoteFence.IsAvailable ? 1 : 0;
        *(uint*)(control + RingLayout.MagicAt) = RingLayout.Magic;
    }

    /// <summary>Any thread. A socket that is full of bells rings anyway; one that is closed has nobody to wake.</summary>
    private void RingBell()
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
