namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The identities of the last messages that a receiver accepted, by which it knows a message that comes again.</summary>
/// <remarks>Owns them under its lock. Keeps as many as a sender may publish again after a lost connection, and some more.</remarks>
internal sealed class RecentMessages
{
    /// <summary>The most identities kept, some 10 MiB of them.</summary>
    public const int Most = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _known = [];
    private readonly Queue<string> _order = new();

    public bool Has(string id)
    {
        lock (_gate)
        {
            return _known.Contains(id);
        }
    }

    public void Add(string id)
    {
        lock (_gate)
        {
            if (!_known.Add(id))
            {
                return;
            }

            _order.Enqueue(id);
            if (_order.Count > Most)
            {
                _known.Remove(_order.Dequeue());
            }
        }
    }
}
