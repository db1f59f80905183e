using System.Numerics;
using System.Runtime.CompilerServices;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A received message in the user's hands: the lease, and whether its sender has been answered. Pooled, or a resident of its link; the
/// version tells a stale handle from the current one.
/// </summary>
/// <remarks>
/// Two may give the same message back at once, and whoever comes first puts it into the pool: that takes an interlocked step. A resident is
/// put nowhere. Who gives it back only says so, which two may do, and the one who hands messages out from its link looks which of the
/// residents are back.
/// </remarks>
internal sealed partial class MessageCore
{
    /// <summary>In place of the version that may be answered: it has been, or wants no answer.</summary>
    private const long Settled = long.MinValue;

    private static readonly ObjectPool<MessageCore> Pool = new(16 * 1024);

    private const int MostSpare = 32;
    private const int LeastOwn = 256;

    [ThreadStatic]
    private static MessageCore? _spare;

    [ThreadStatic]
    private static int _spareCount;

    private readonly RankedLock _gate = new(LockRank.Message);
    private MessageCore? _next;
    private byte[] _own = [];
    private int _version;

    // The version that was given back last, of a resident.
    private int _givenBack;

    // The version whose sender waits for an answer, or Settled.
    private long _unanswered = Settled;
    private Incoming _incoming;
    private ReadOnlyMemory<byte> _body;
    private bool _isKept;
    private int _start;
    private int _length;
    private bool _isCancelled;
    private bool _isTakenBack;
    private CancellationTokenSource? _cancellation;

    public int Version => Volatile.Read(ref _version);

    public Link Link { get; private set; } = null!;

    public MessageHeader Header => _incoming.Header;

    public MessageKind Kind => _incoming.Header.Kind;

    public uint Id => _incoming.Header.Id;

    public ReadOnlyMemory<byte> Payload => _body.Slice(_start, _length);

    public int Length => _length;

    public ReadOnlySpan<byte> PayloadSpan
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _isKept ? new ReadOnlySpan<byte>(_own, _start, _length) : Payload.Span;
    }

    public ReadOnlySpan<byte> Head => _body.Span[.._start];

    private bool WantsAnswer => _incoming.Header.Kind is MessageKind.Deliver or MessageKind.Request;

    /// <summary>Takes over the incoming message.</summary>
    public static MessageCore Rent(Link link, in Incoming incoming)
    {
        MessageCore core = RentSpare();
        core.Link = link;
        core._incoming = incoming;
        core._body = incoming.Body;
        core._isKept = false;
        core._start = incoming.Header.HeadLength;
        core._length = incoming.Body.Length - core._start;
        core.Begin();
        return core;
    }

    /// <summary>A message with a copy of a short body.</summary>
    public static MessageCore Copy(Link link, in MessageHeader header, ReadOnlySpan<byte> body)
    {
        MessageCore core = RentSpare();
        core.Link = link;
        core.Keep(header, body);
        core.Begin();
        return core;
    }

    /// <summary>Copies a short body into memory of its own.</summary>
    private void Keep(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (_own.Length < body.Length)
        {
            _own = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastOwn, body.Length)));
            _isKept = false;
        }

        body.CopyTo(_own);
        if (!_isKept)
        {
            _isKept = true;
            _body = _own;
        }

        _incoming.Header = header;
        _start = header.HeadLength;
        _length = body.Length - _start;
    }

    private void Forget()
    {
        _body = default;
        _isKept = false;
    }

    private static MessageCore RentSpare()
    {
        if (_spare is not { } core)
        {
            return Pool.TryRent() ?? new MessageCore();
        }

        _spare = core._next;
        core._next = null;
        _spareCount--;
        return core;
    }

    private void Begin()
    {
        _givenBack = _version - 1;
        _isCancelled = _isTakenBack = false;
        Volatile.Write(ref _unanswered, WantsAnswer ? _version : Settled);
    }

    private void Return()
    {
        if (_spareCount >= MostSpare)
        {
            Pool.Return(this);
            return;
        }

        _next = _spare;
        _spare = this;
        _spareCount++;
    }

    /// <summary>A token that is cancelled when the peer no longer waits. Created on demand.</summary>
    public CancellationToken CancellationFor(int version)
    {
        using (_gate.Hold())
        {
            Check(version);
            _isPlain = false;
            _cancellation ??= new CancellationTokenSource();
            if (_isCancelled)
            {
                _cancellation.Cancel();
            }

            return _cancellation.Token;
        }
    }

    /// <summary>Whether the message of this handle has not been given back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsCurrent(int version) => version == Version && version != Volatile.Read(ref _givenBack);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(int version) => ObjectDisposedException.ThrowIf(!IsCurrent(version), typeof(Message));

    /// <summary>
    /// The right to answer: true once for a message that wants an answer. What was read of it before is then what it says.
    /// </summary>
    public bool TrySettle(int version)
    {
        Check(version);
        return TryTakeAnswer(version);
    }

    private bool TryTakeAnswer(int version) => Interlocked.CompareExchange(ref _unanswered, Settled, version) == version;

    /// <summary>Whether its sender waits for an answer.</summary>
    public bool IsUnanswered => Volatile.Read(ref _unanswered) != Settled;

    public bool IsUnsettled(int version) => Volatile.Read(ref _unanswered) == version;

    /// <summary>Whether its sender, who lives, no longer wants it to be read.</summary>
    public bool IsTakenBack(int version)
    {
        using (_gate.Hold())
        {
            return IsCurrent(version) && _isTakenBack;
        }
    }

    /// <summary>By the pump: the peer took its question back, or died.</summary>
    public void CancelFor(Link link, uint id, bool isTakenBack)
    {
        using (_gate.Hold())
        {
            // It may be another message by now.
            if (!IsUnanswered || Link != link || _incoming.Header.Id != id)
            {
                return;
            }

            _isCancelled = true;

            // For good: that its sender goes then does not change it.
            _isTakenBack |= isTakenBack;

            // On the pool: what the user hangs on his token must not hold the pump up. Under the gate: the user who gives the message back
            // disposes the source.
            _ = _cancellation?.CancelAsync();
        }
    }

    /// <summary>The user gives the message back. Harmless the second time.</summary>
    public void Release(int version, string? reasonIfUnsettled)
    {
        if (!IsCurrent(version))
        {
            return;
        }

        if (_isResident)
        {
            ReleaseResident(version, reasonIfUnsettled);
            return;
        }

        // Two may give the same message back at once. Of a message that nobody can answer or cancel there is nothing else to agree on.
        if (!WantsAnswer && _cancellation is null)
        {
            if (Interlocked.CompareExchange(ref _version, version + 1, version) == version)
            {
                _incoming.Release();
                Forget();
                Link = null!;
                Return();
            }

            return;
        }

        bool wasUnsettled;
        bool isTakenBack;
        Link link = Link;
        MessageHeader header;
        using (_gate.Hold())
        {
            if (version != Version)
            {
                return;
            }

            Volatile.Write(ref _version, version + 1);
            header = _incoming.Header;
            wasUnsettled = TryTakeAnswer(version);
            isTakenBack = _isTakenBack;
            _incoming.Release();
            Forget();
        }

        if (wasUnsettled)
        {
            Refuse(link, header.Kind, header.Id, isTakenBack, reasonIfUnsettled);
        }

        if (header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.Receiving.RemoveActive(this);
        }

        ForgetCancellation();
        Link = null!;
        Return();
    }

    /// <summary>It was given back, and nobody has answered.</summary>
    private static void Refuse(Link link, MessageKind kind, uint id, bool isTakenBack, string? reason)
    {
        if (kind == MessageKind.Deliver)
        {
            // Also of one that was taken back: its sender may still wait, see OnCancel.
            link.Answers.SendReceipt(id, ReceiptStatus.NotDelivered, reason ?? "the receiver gave the message back without accepting it");
        }
        else if (!isTakenBack)
        {
            link.Answers.SendError(id, 0, reason ?? "the responder gave the request back without a reply");
        }
    }

    private void ForgetCancellation()
    {
        using (_gate.Hold())
        {
            _cancellation?.Dispose();
            _cancellation = null;
        }
    }
}
