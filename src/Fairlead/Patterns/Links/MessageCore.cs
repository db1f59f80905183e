using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A received message in the user's hands: the lease, and whether its sender has been answered. Pooled; the version tells a stale handle from the current one.
/// </summary>
internal sealed class MessageCore
{
    private static readonly ObjectPool<MessageCore> Pool = new(16 * 1024);

    private readonly Lock _gate = new();
    private Incoming _incoming;
    private bool _isSettled;
    private bool _isCancelled;
    private bool _isTakenBack;
    private CancellationTokenSource? _cancellation;

    public int Version { get; private set; }

    public Link Link { get; private set; } = null!;

    public MessageHeader Header => _incoming.Header;

    public ReadOnlyMemory<byte> Payload { get; private set; }

    public ReadOnlySpan<byte> Head => _incoming.Head;

    /// <summary>Takes over the incoming message.</summary>
    public static MessageCore Rent(Link link, in Incoming incoming)
    {
        MessageCore core = Pool.TryRent() ?? new MessageCore();
        core.Link = link;
        core._incoming = incoming;
        core.Payload = incoming.Payload;
        core._isCancelled = core._isTakenBack = false;
        core._isSettled = incoming.Header.Kind is not (MessageKind.Deliver or MessageKind.Request);
        return core;
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
        bool wasUnsettled;
        Link link = Link;
        MessageHeader header;
        lock (_gate)
        {
            if (version != Version)
            {
                return;
            }

            Version++;
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

        Pool.Return(this);
    }
}
