namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Counts the events that the reactor must wait for while no thread leads.</summary>
/// <remarks>Any thread counts. The thread that leaves the role reads.</remarks>
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

    /// <summary>Whether nothing but callers is waited for.</summary>
    public readonly bool NoneButCallers => (_partlyRead | BlockedLinks) == 0;

    /// <summary>Counts an asynchronous operation in or out. While there is one, a thread that leaves the role passes it to the
    /// reactor.</summary>
    public void CountCaller(int change) => Interlocked.Add(ref _callers, change);

    /// <summary>Counts a link with blocked output in or out. While there is one, a thread must wait until it is writable.</summary>
    public void CountBlocked(int change) => Interlocked.Add(ref _blockedLinks, change);

    /// <summary>Counts a partly read message in or out. While there is one, a thread must wait for the rest. Called by the
    /// leader.</summary>
    public void CountPart(int change) => _partlyRead += change;

    /// <summary>Returns whether any event remains once this many callers have been answered.</summary>
    public readonly bool AnyBehind(int answered) => Callers > answered || BlockedLinks > 0 || _partlyRead > 0;
}
