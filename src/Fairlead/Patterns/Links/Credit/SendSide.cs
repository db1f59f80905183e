using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>The sending side of a link as all its parts share it: the send lock, and what is counted and queued under it.</summary>
/// <remarks>
/// Owns the send lock. Under it, owns the window granted by the peer, the slot in a broadcast that counts in the window's place, and the
/// queue of messages that wait. A base class and no part of its own: the fast path of <c>LinkSender</c> finds all of it in one object.
/// </remarks>
internal abstract class SendSide
{
    private BiasedLock _sending = new(LockRank.LinkSending);
    private SendWindow _window;
    private BroadcastSlot? _slot;

    /// <param name="link">The link.</param>
    protected SendSide(PeerLink link)
    {
        EndpointSettings settings = link.Endpoint.Settings;
        _window = link.IsRaw ? new SendWindow((uint)settings.Messages, settings.Capacity) : new SendWindow(0, 0);
        Queue = new SendQueue(link.Endpoint);
    }

    /// <summary>The limits of the peer, and the unacknowledged messages. Under the send lock, except for its hints.</summary>
    public ref SendWindow Window => ref _window;

    /// <summary>The messages that wait for credit, and the drops. Under the send lock, except for its count.</summary>
    public SendQueue Queue { get; }

    /// <summary>The peer's slot in the broadcast, once it has had one. Set under the send lock; any thread may read it.</summary>
    public BroadcastSlot? BroadcastSlot
    {
        get => Volatile.Read(ref _slot);
        set => Volatile.Write(ref _slot, value);
    }

    /// <summary>Whether the peer takes part in the broadcast: its slot counts, and not the window. Under the send lock.</summary>
    public bool HasSlot => _slot is { IsTaken: true };

    /// <summary>Whether <c>SendLimits.IsPlain</c> was true, and no thread has since held the lock that might have changed it.</summary>
    protected bool IsKnownPlain { get; set; }

    /// <summary>Takes the send lock for all but the fast path, which does not change what <c>SendLimits.IsPlain</c> depends
    /// on.</summary>
    public BiasedLock.Scope Hold()
    {
        BiasedLock.Scope held = _sending.Hold();
        IsKnownPlain = false;
        return held;
    }

    /// <summary>Takes the send lock for the fast path.</summary>
    /// <param name="me">The calling thread.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BiasedLock.Scope HoldPlain(int me) => _sending.Hold(me);

    /// <summary>Makes the peer leave the broadcast; later messages go through the connection. Under the send lock.</summary>
    /// <param name="sendsRest">Whether to send it the messages that it has not read there.</param>
    public void Leave(bool sendsRest = true)
    {
        if (_slot is { IsTaken: true } slot)
        {
            _window.Restore(slot.Leave(sendsRest));
        }
    }

    /// <summary>Returns whether the call's message was handed to the peer's user. Under the send lock.</summary>
    public bool IsAcknowledged(LinkOperation call) => call.Header.Kind.IsData() && _window.IsAcknowledged(call.Number);
}
