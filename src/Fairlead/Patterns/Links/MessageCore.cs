using System.Numerics;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A received message in the user's hands: the lease, and whether its sender has been answered. Pooled; the version tells a stale handle from the current one.
/// </summary>
internal sealed class MessageCore
{
    private static readonly ObjectPool<MessageCore> Pool = new(16 * 1024);

    private const int MostSpare = 32;
    private const int LeastOwn = 256;

    [ThreadStatic]
    private static MessageCore? _spare;

    [ThreadStatic]
    private static int _spareCount;

    private readonly Lock _gate = new();
    private MessageCore? _next;
    private byte[] _own = [];
    private int _version;
    private Incoming _incoming;
    private bool _isSettled;
    private bool _isCancelled;
    private bool _isTakenBack;
    private CancellationTokenSource? _cancellation;

    public int Version => Volatile.Read(ref _version);

    public Link Link { get; private set; } = null!;

    public MessageHeader Header => _incoming.Header;

    public ReadOnlyMemory<byte> Payload { get; private set; }

    public ReadOnlySpan<byte> Head => _incoming.Head;

    /// <summary>Takes over the incoming message.</summary>
    public static MessageCore Rent(Link link, in Incoming incoming)
    {
        MessageCore core = RentSpare();
        core.Begin(link, incoming);
        return core;
    }

    /// <summary>A message with a copy of a short body.</summary>
    public static MessageCore Copy(Link link, in MessageHeader header, ReadOnlySpan<byte> body)
    {
        MessageCore core = RentSpare();
        if (core._own.Length < body.Length)
        {
            core._own = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(LeastOwn, body.Length)));
        }

        body.CopyTo(core._own);
        core.Begin(link, new Incoming { Header = header, Body = new ReadOnlyMemory<byte>(core._own, 0, body.Length) });
        return core;
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

    private void Begin(Link link, in Incoming incoming)
    {
        Link = link;
        _incoming = incoming;
        Payload = incoming.Payload;
        _isCancelled = _isTakenBack = false;
        _isSettled = incoming.Header.Kind is not (MessageKind.Deliver or MessageKind.Request);
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
        lock (_gate)
        {
            Check(version);
            _cancellation ??= new CancellationTokenSource();
            if (_isCancelled)
            {
                _cancellation.Cancel();
            }

            return _cancellation.Token;
        }
    }

    public void Check(int version) => ObjectDisposedException.ThrowIf(version != Version, typeof(Message));

    /// <summary>The right to answer: true once for a message that wants an answer.</summary>
    public bool TrySettle(int version)
    {
        lock (_gate)
        {
            Check(version);
            if (_isSettled)
            {
                return false;
            }

            _isSettled = true;
        }

        return true;
    }

    public bool IsUnsettled(int version)
    {
        lock (_gate)
        {
            return version == Version && !_isSettled;
        }
    }

    /// <summary>Whether its sender, who lives, no longer wants it to be read.</summary>
    public bool IsTakenBack(int version)
    {
        lock (_gate)
        {
            return version == Version && _isTakenBack;
        }
    }

    /// <summary>By the pump: the peer took its question back, or died.</summary>
    public void CancelFor(Link link, uint id, bool isTakenBack)
    {
        lock (_gate)
        {
            // It may be another message by now.
            if (_isSettled || Link != link || _incoming.Header.Id != id)
            {
                return;
            }

            _isCancelled = true;

            // For good: that its sender goes then does not change it.
            _isTakenBack |= isTakenBack;

            // On the pool: what the user hangs on his token must not hold the pump up. Under the gate: the user who gives the message back disposes the source.
            _ = _cancellation?.CancelAsync();
        }
    }

    /// <summary>The user gives the message back. Harmless the second time.</summary>
    public void Release(int version, string? reasonIfUnsettled)
    {
        if (version != Version)
        {
            return;
        }

        // Two may give the same message back at once. Of a message that nobody can answer or cancel there is nothing else to agree on.
        if (_incoming.Header.Kind is not (MessageKind.Deliver or MessageKind.Request) && _cancellation is null)
        {
            if (Interlocked.CompareExchange(ref _version, version + 1, version) == version)
            {
                _incoming.Release();
                Payload = default;
                Link = null!;
                Return();
            }

            return;
        }

        bool wasUnsettled;
        Link link = Link;
        MessageHeader header;
        lock (_gate)
        {
            if (version != Version)
            {
                return;
            }

            Volatile.Write(ref _version, version + 1);
            header = _incoming.Header;
            wasUnsettled = !_isSettled;
            _isSettled = true;
            _incoming.Release();
            Payload = default;
        }

        if (wasUnsettled)
        {
            if (header.Kind == MessageKind.Deliver)
            {
                link.SendReceipt(header.Id, ReceiptStatus.NotDelivered, reasonIfUnsettled ?? "the receiver gave the message back without accepting it");
            }
            else
            {
                link.SendError(header.Id, 0, reasonIfUnsettled ?? "the responder gave the request back without a reply");
            }
        }

        if (header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.RemoveActive(this);
        }

        lock (_gate)
        {
            _cancellation?.Dispose();
            _cancellation = null;
            Link = null!;
        }

        Return();
    }
}
