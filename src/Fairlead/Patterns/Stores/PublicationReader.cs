using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Reads what a publisher has stored, from a message on. Of one thread at a time. It stays open when the store is
/// closed.</summary>
internal sealed class PublicationReader(LogFollower follower) : IDisposable
{
    /// <summary>Reads the next message; null: there is none yet.</summary>
    public StoredMessage? Next()
    {
        while (follower.TryRead(out LogRecord record))
        {
            if (PublicationStore.Decode(record) is { } message)
            {
                return message;
            }
        }

        return null;
    }

    public void Dispose() => follower.Dispose();
}
