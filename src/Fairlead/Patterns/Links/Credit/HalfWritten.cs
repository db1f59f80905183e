using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Tracks long messages that the kernel has only in part. No peer can have read them, whatever it acknowledges.</summary>
/// <remarks>
/// Only long messages are tracked, which costs the others nothing; a short message goes in one write. Under the link's send lock.
/// </remarks>
internal struct HalfWritten
{
    private RingQueue<Message> _messages;
    private long _written;

    public readonly bool Any => _messages.Count > 0;

    /// <summary>Adds a message that has been committed.</summary>
    /// <param name="number">The message's number among the data messages of its link.</param>
    /// <param name="id">The id of its answer.</param>
    /// <param name="unwritten">All committed bytes that the kernel does not have, up to the end of this message.</param>
    public void Add(uint number, uint id, long unwritten) => _messages.Enqueue(new Message(number, id, _written + unwritten));

    /// <summary>Notes that the kernel has taken this many more bytes.</summary>
    public void Written(long bytes)
    {
        _written += bytes;
        while (_messages.Count > 0 && _messages[0].End <= _written)
        {
            _messages.Dequeue();
        }
    }

    /// <summary>Returns whether an acknowledgement up to this number would include one of these messages.</summary>
    public readonly bool Reaches(uint acknowledged) => _messages.Count > 0 && (int)(acknowledged - _messages[0].Number) >= 0;

    /// <summary>Returns whether the call with this id is one of these messages.</summary>
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
