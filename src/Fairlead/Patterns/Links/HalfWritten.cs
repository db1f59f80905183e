namespace Fairlead.Patterns.Links;

/// <summary>
/// Long messages that have begun to leave and are not with the kernel whole: no peer can have read them, whatever it answers or
/// acknowledges. Only long ones are noted, so that the others cost nothing; a short one goes in one write. Under the link's send lock.
/// </summary>
internal struct HalfWritten
{
    private RingQueue<Message> _messages;
    private long _written;

    public readonly bool Any => _messages.Count > 0;

    /// <summary>A message has been committed.</summary>
    /// <param name="number">Which data message of its link it is.</param>
    /// <param name="id">By which it is answered.</param>
    /// <param name="unwritten">Bytes of all that is committed and not with the kernel, its own last.</param>
    public void Add(uint number, uint id, long unwritten) => _messages.Enqueue(new Message(number, id, _written + unwritten));

    /// <summary>The kernel has taken so many bytes more.</summary>
    public void Written(long bytes)
    {
        _written += bytes;
        while (_messages.Count > 0 && _messages[0].End <= _written)
        {
            _messages.Dequeue();
        }
    }

    /// <summary>Whether one of those is among them that a peer acknowledges up to this number.</summary>
    public readonly bool Reaches(uint acknowledged) => _messages.Count > 0 && (int)(acknowledged - _messages[0].Number) >= 0;

    /// <summary>Whether the call with this id is among them.</summary>
    public readonly bool Holds(uint id)
    {
        for (int i = 0; i < _messages.Count; i++)
        {
            if (_messages[i].Id == id)
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Message(uint Number, uint Id, long End);
}
