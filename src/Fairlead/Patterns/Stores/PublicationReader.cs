using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Reads what a publisher has stored, from a message on. Of one thread at a time. It stays open when the store is
/// closed.</summary>
/// <param name="follower">Stands at the message.</param>
/// <param name="first">The number of the message; 0: whatever is there.</param>
internal sealed class PublicationReader(LogFollower follower, long first) : IDisposable
{
    private long _first = first;
    private long _missed;
    private long _missedByFollower;

    /// <summary>Reads the next message; null: there is none yet.</summary>
    public StoredMessage? Next()
    {
        while (follower.TryRead(out LogRecord record))
        {
            _missed += Math.Max(0, _first == 0 ? 0 : record.Sequence - _first);
            _first = 0;
            if (PublicationStore.Decode(record) is { } message)
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>Returns how many records the log had removed before they could be read, since the last call.</summary>
    public long TakeMissed()
    {
        long byFollower = follower.Missed;
        long missed = _missed + byFollower - _missedByFollower;
        (_missed, _missedByFollower) = (0, byFollower);
        return missed;
    }

    public void Dispose() => follower.Dispose();
}
