namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The messages that a receiver has in hand, and the identities of the last that it accepted: by these it knows one that comes
/// again.</summary>
/// <remarks>Owns them under its lock. Keeps as many identities as a sender may publish again after a lost connection, and some
/// more.</remarks>
internal sealed class KnownMessages
{
    /// <summary>The most identities kept, some 10 MiB of them.</summary>
    public const int Most = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Delivered> _inHand = [];
    private readonly HashSet<string> _accepted = [];
    private readonly Queue<string> _order = new();

    /// <summary>Notes a message that has come.</summary>
    /// <param name="id">Its identity.</param>
    /// <param name="delivered">Its delivery, which takes the place of an earlier one.</param>
    /// <param name="earlier">The delivery whose place it takes, or null.</param>
    /// <returns>
    /// New: it is to be handed out. InHand: the user has it already, and its outcome will be that of this delivery. Accepted: it is done.
    /// </returns>
    public Knowledge Begin(string id, Delivered delivered, out Delivered? earlier)
    {
        earlier = null;
        lock (_gate)
        {
            if (_accepted.Contains(id))
            {
                return Knowledge.Accepted;
            }

            bool isInHand = _inHand.TryGetValue(id, out earlier);
            _inHand[id] = delivered;
            return isInHand ? Knowledge.InHand : Knowledge.New;
        }
    }

    /// <summary>Notes the outcome of a message that a receiver has, and returns its last delivery.</summary>
    public Delivered End(string id, bool isAccepted)
    {
        lock (_gate)
        {
            if (isAccepted && _accepted.Add(id))
            {
                _order.Enqueue(id);
                if (_order.Count > Most)
                {
                    _accepted.Remove(_order.Dequeue());
                }
            }

            _inHand.Remove(id, out Delivered? last);
            return last!;
        }
    }
}

/// <summary>The knowledge of a message that has come.</summary>
internal enum Knowledge
{
    New,
    InHand,
    Accepted,
}
