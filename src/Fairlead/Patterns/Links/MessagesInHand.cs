using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The messages of a link that the user has in hand: those whose senders wait for an answer, by their ids, and some that go from hand to
/// hand without a pool, of which a receiver mostly gives one back before it takes the next.
/// </summary>
/// <remarks>
/// Those by id are under a lock of its own. Residents are added under the endpoint's gate and looked at by the pump; whether one is in hand
/// it says itself.
/// </remarks>
internal sealed class MessagesInHand(Link link)
{
    /// <summary>As many messages as a receiver may have in hand before further ones come out of the pool.</summary>
    private const int MostResidents = 4;

    private readonly RankedLock _gate = new(LockRank.MessagesInHand);
    private readonly Dictionary<uint, MessageCore> _byId = [];
    private MessageCore[] _residents = [];

    /// <summary>Whether the sender of any waits for an answer.</summary>
    public bool Any
    {
        get
        {
            // Entering is a full fence, too: see Remove.
            using (_gate.Hold())
            {
                return _byId.Count > 0 || Array.Exists(_residents, static resident => resident.IsInHand);
            }
        }
    }

    /// <summary>The one that is handed out first, where it is back; null where there is none yet. Under the endpoint's gate.</summary>
    public MessageCore? Resident => _residents is [var first, ..] ? first : null;

    /// <summary>A message whose sender waits for an answer is handed out.</summary>
    public void Add(MessageCore message)
    {
        using (_gate.Hold())
        {
            // A peer that uses an id twice at the same time only confuses itself: the later one gets the cancellations.
            _byId[message.Header.Id] = message;
        }
    }

    /// <summary>The user has answered, or let go. Any thread.</summary>
    public void Remove(MessageCore message)
    {
        if (message.IsResident)
        {
            message.LetGo();

            // Let go before looking, as a closing endpoint, and the end of the peer, are noted before the pump looks for what is in hand:
            // one of the two sees the other.
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

    /// <summary>The one with this id; null where its sender waits no more. By the pump.</summary>
    public MessageCore? Find(uint id)
    {
        using (_gate.Hold())
        {
            if (_byId.TryGetValue(id, out MessageCore? message))
            {
                return message;
            }
        }

        return Array.Find(_residents, resident => resident.IsInHand && resident.Id == id);
    }

    /// <summary>All that are, or may be, in hand; those by id are forgotten. By the pump.</summary>
    public MessageCore[] TakeAll()
    {
        using (_gate.Hold())
        {
            MessageCore[] all = [.. _byId.Values, .. _residents];
            _byId.Clear();
            return all;
        }
    }

    /// <summary>
    /// A copy of a short message, in a resident that is back, or in one of the pool where the user holds on to them. Under the endpoint's
    /// gate.
    /// </summary>
    public MessageCore Keep(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        foreach (MessageCore resident in _residents)
        {
            if (resident.IsBack)
            {
                resident.Reuse(header, body);
                return resident;
            }
        }

        if (_residents.Length < MostResidents)
        {
            MessageCore newcomer = MessageCore.Settle(link);
            newcomer.Reuse(header, body);
            Volatile.Write(ref _residents, [.. _residents, newcomer]);
            return newcomer;
        }

        return MessageCore.Copy(link, header, body);
    }
}
