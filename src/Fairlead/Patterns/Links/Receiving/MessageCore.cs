using System.Numerics;
using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>A received message in the user's hands: the lease, and whether its sender has been answered.</summary>
/// <remarks>
/// <para>Pooled, or in the cache of its link. The version tells a stale handle from the current one.</para>
/// <para>
/// Two threads may return the same message at the same time. For a pooled message, an interlocked step decides which one puts it into the
/// pool. A cached message is not put anywhere. Returning it only sets a mark, which both threads may do, and the thread that hands out
/// messages of its link checks which ones are back.
/// </para>
/// </remarks>
internal sealed partial class MessageCore
{
    /// <summary>Replaces the version that may be answered: the message has been answered or wants no answer.</summary>
    private const long Settled = long.MinValue;

    private static readonly ObjectPool<MessageCore> Pool = new(16 * 1024);

    public const string NotAccepted = "the receiver disposed the message without accepting it";
    public const string NotAnswered = "the responder disposed the request without a reply";
    private const int MostPooled = 32;
    private const int LeastOwn = 256;

    [ThreadStatic]
    private static MessageCore? _pooled;

    [ThreadStatic]
    private static int _pooledCount;

    private readonly RankedLock _gate = new(LockRank.Message);
    private MessageCore? _next;
    private byte[] _own = [];
    private int _version;

    // The version of a cached message that was last returned.
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
    private LeaseWatch? _watch;

    public int Version => Volatile.Read(ref _version);

    // Null for a message made by hand, and while it is in the pool.
    private MessagesInHand? _home;

    /// <summary>The link over which it came; null for one made by hand.</summary>
    public PeerLink PeerLink => _home?.PeerLink!;


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

    /// <summary>Takes over an incoming message.</summary>
    public static MessageCore Rent(MessagesInHand home, in Incoming incoming)
    {
        MessageCore core = RentPooled();
        core._home = home;
        core._incoming = incoming;
        core._body = incoming.Body;
        core._isKept = false;
        core._start = incoming.Header.HeadLength;
        core._length = incoming.Body.Length - core._start;
        core.Begin();
        if (incoming.Lease is { StopsSender: true })
        {
            (core._watch ??= new LeaseWatch()).Arm(home.PeerLink);
        }

        return core;
    }

    /// <summary>Records that the user receives the message. On the thread that returns it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NoteTaken() => _watch?.NoteTaken();

    /// <summary>Returns a message with a copy of a short body.</summary>
    public static MessageCore Copy(MessagesInHand home, in MessageHeader header, ReadOnlySpan<byte> body)
    {
        MessageCore core = RentPooled();
        core._home = home;
        core.Keep(header, body);
        core.Begin();
        return core;
    }

    /// <summary>Copies a short body into the message's own memory.</summary>
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

    private static MessageCore RentPooled()
    {
        if (_pooled is not { } core)
        {
            return Pool.TryRent() ?? new MessageCore();
        }

        _pooled = core._next;
        core._next = null;
        _pooledCount--;
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
        if (_pooledCount >= MostPooled)
        {
            Pool.Return(this);
            return;
        }

        _next = _pooled;
        _pooled = this;
        _pooledCount++;
    }

    /// <summary>Returns a token that is cancelled when the peer no longer waits. Created on demand.</summary>
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

    /// <summary>Returns whether the message of this handle has not been returned yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsCurrent(int version) => version == Version && version != Volatile.Read(ref _givenBack);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(int version) => ObjectDisposedException.ThrowIf(!IsCurrent(version), typeof(Message));

    /// <summary>Claims the right to answer. Returns true once for a message that wants an answer.</summary>
    /// <remarks>Values read from the message before are then those of this version.</remarks>
    public bool TrySettle(int version)
    {
        Check(version);
        return TryTakeAnswer(version);
    }

    private bool TryTakeAnswer(int version) => Interlocked.CompareExchange(ref _unanswered, Settled, version) == version;

    /// <summary>Whether its sender waits for an answer.</summary>
    public bool IsUnanswered => Volatile.Read(ref _unanswered) != Settled;

    public bool IsUnsettled(int version) => Volatile.Read(ref _unanswered) == version;

    /// <summary>Returns whether its living sender no longer wants it to be read.</summary>
    public bool IsTakenBack(int version)
    {
        using (_gate.Hold())
        {
            return IsCurrent(version) && _isTakenBack;
        }
    }

    /// <summary>Cancels the message, because the peer withdrew it or died. Called by the pump.</summary>
    public void CancelFor(PeerLink? link, uint id, bool isTakenBack)
    {
        using (_gate.Hold())
        {
            // By now this object may hold another message.
            if (!IsUnanswered || PeerLink != link || _incoming.Header.Id != id)
            {
                return;
            }

            _isCancelled = true;

            // Permanent: if the sender dies later, that does not change it.
            _isTakenBack |= isTakenBack;

            // On the pool, because the user's callbacks must not hold the pump up. Under the gate, because returning the message disposes
            // the source.
            _ = _cancellation?.CancelAsync();
        }
    }

    /// <summary>Returns the message. A second call has no effect.</summary>
    public void Release(int version, string? reasonIfUnsettled)
    {
        if (!IsCurrent(version))
        {
            return;
        }

        if (_isCached)
        {
            ReleaseCached(version, reasonIfUnsettled);
            return;
        }

        // Two threads may return the same message at once. Without an answer or a cancellation, the version is all that they must agree on.
        if (!WantsAnswer && _cancellation is null)
        {
            if (Interlocked.CompareExchange(ref _version, version + 1, version) == version)
            {
                _watch?.Disarm();
                _incoming.Release();
                Forget();
                _home = null;
                if (_record is null)
                {
                    Return();
                }
                else
                {
                    _record.SetReleased();
                }
            }

            return;
        }

        bool wasUnsettled;
        bool isTakenBack;
        MessagesInHand? home = _home;
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
            _watch?.Disarm();
            _incoming.Release();
            Forget();
        }

        if (_record is { } record)
        {
            record.SetReleased();
            if (wasUnsettled)
            {
                Refuse(record, header.Kind, isTakenBack, reasonIfUnsettled);
            }

            ForgetCancellation();
            return;
        }

        if (wasUnsettled)
        {
            home!.PeerLink.Refuse(header.Kind, header.Id, isTakenBack, reasonIfUnsettled);
        }

        if (header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            home!.Settle(this);
        }

        ForgetCancellation();
        _home = null;
        Return();
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
