namespace Fairlead.Patterns.Links;

/// <summary>
/// What somebody must wait for while nobody leads: counted by any thread, read where the role is given back.
/// </summary>
internal struct AwaitedEvents
{
    private int _callers;
    private int _blockedLinks;
    private int _partlyRead;

    /// <summary>Callers that wait without a thread.</summary>
    public readonly int Callers => Volatile.Read(in _callers);

    /// <summary>Links whose output is blocked.</summary>
    public readonly int BlockedLinks => Volatile.Read(in _blockedLinks);

    /// <summary>Links in the middle of a message.</summary>
    public readonly int PartlyRead => Volatile.Read(in _partlyRead);

    public readonly bool None => (_partlyRead | Callers | BlockedLinks) == 0;

    /// <summary>An asynchronous operation waits, or no longer: until it is done whoever leaves the role leaves it to the reactor.</summary>
    public void CountCaller(int change) => Interlocked.Add(ref _callers, change);

    /// <summary>A link's output is blocked, or no longer: somebody must wait until it is writable.</summary>
    public void CountBlocked(int change) => Interlocked.Add(ref _blockedLinks, change);

    /// <summary>A link is in the middle of a message, or no longer: somebody must wait for the rest. By the leader.</summary>
    public void CountPart(int change) => _partlyRead += change;

    /// <summary>Whether there is any of it once so many callers have been answered.</summary>
    public readonly bool AnyBehind(int answered) => Callers > answered || BlockedLinks > 0 || _partlyRead > 0;
}
