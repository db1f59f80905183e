using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>The messages of a link that the user has: those whose senders wait for an answer, and the message cache.</summary>
/// <remarks>
/// Cached messages are reused without the pool, because a receiver usually returns one before it takes the next. They are added under the
/// endpoint's gate and read by the pump, and each one knows whether it is in the user's hands. The others are found by id, under a separate
/// lock.
/// </remarks>
/// <param name="link">The link.</param>
internal sealed class MessagesInHand(PeerLink link)
{
    /// <summary>The most cached messages. If the user has more, they come from the pool.</summary>
    private const int MostCached = 4;

    private readonly RankedLock _gate = new(LockRank.MessagesInHand);
    private readonly Dictionary<uint, MessageCore> _byId = [];
    private MessageCore[] _cached = [];

    /// <summary>The link.</summary>
    public PeerLink PeerLink => link;

    /// <summary>Whether a sender of any of them waits for an answer.</summary>
    public bool Any
    {
        get
        {
            // Entering the lock is also a full fence: see Remove.
            using (_gate.Hold())
            {
                return _byId.Count > 0 || Array.Exists(_cached, static resident => resident.IsInHand);
            }
        }
    }

    /// <summary>The cached message that is reused first; null if there is none yet. Under the endpoint's gate.</summary>
    public MessageCore? Cached => _cached is [var first, ..] ? first : null;

    /// <summary>Adds a message that is handed out and whose sender waits for an answer.</summary>
    public void Add(MessageCore message)
    {
        using (_gate.Hold())
        {
            // A peer that uses an id twice at the same time only harms itself: the later message gets the cancellations.
            _byId[message.Header.Id] = message;
        }
    }

    /// <summary>Removes a message that the user has answered or released, which a closing link may wait for. Any thread.</summary>
    public void Settle(MessageCore message)
    {
        Remove(message);
        if (link.State == LinkState.PeerClosed || link.Endpoint.IsClosing)
        {
            link.Endpoint.Pump.RequestTurn();
        }
    }

    private void Remove(MessageCore message)
    {
        if (message.IsCached)
        {
            message.NoteSettled();

            // Clear the mark before looking. A closing endpoint, and the peer's end, are noted before the pump looks for such messages: one
            // of the two sees the other.
            Interlocked.MemoryBarrier();
            return;
        }

        using (_gate.Hold())
        {
            if (_byId.TryGetValue(message.Id, out MessageCore? current) && current == message)
            {
                _byId.Remove(message.Id);
            }
        }
    }

    /// <summary>Returns the message with this id, or null if its sender no longer waits. Called by the pump.</summary>
    public MessageCore? Find(uint id)
    {
        using (_gate.Hold())
        {
            if (_byId.TryGetValue(id, out MessageCore? message))
            {
                return message;
            }
        }

        return Array.Find(_cached, resident => resident.IsInHand && resident.Id == id);
    }

    /// <summary>Returns all messages that are or may be in the user's hands, and forgets those by id. Called by the pump.</summary>
    public MessageCore[] TakeAll()
    {
        using (_gate.Hold())
        {
            MessageCore[] all = [.. _byId.Values, .. _cached];
            _byId.Clear();
            return all;
        }
    }

    /// <summary>Takes a message that was seen in the peer's memory: a long one is leased, and any other copied.</summary>
    /// <remarks>Under the endpoint's gate.</remarks>
    /// <param name="input">The memory.</param>
    /// <param name="header">The header of the next message there.</param>
    /// <param name="body">Its body.</param>
    /// <param name="isCopied">Whether it was copied, so that the memory is free again.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MessageCore Take(MemoryInput input, in MessageHeader header, ReadOnlySpan<byte> body, out bool isCopied)
    {
        isCopied = !input.IsWorthLeasing(body.Length);
        if (!isCopied)
        {
            return MessageCore.Rent(this, input.Lease(header, body.Length));
        }

        MessageCore message = Keep(header, body);
        _ = input.TryAdvance(body.Length);
        return message;
    }

    /// <summary>Copies a short message into a returned cached message, or into a pooled one if the user keeps them.</summary>
    /// <remarks>Under the endpoint's gate.</remarks>
    public MessageCore Keep(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        foreach (MessageCore resident in _cached)
        {
            if (resident.IsBack)
            {
                resident.Reuse(header, body);
                return resident;
            }
        }

        if (_cached.Length < MostCached)
        {
            MessageCore newcomer = MessageCore.Settle(this);
            newcomer.Reuse(header, body);
            Volatile.Write(ref _cached, [.. _cached, newcomer]);
            return newcomer;
        }

        return MessageCore.Copy(this, header, body);
    }
}
