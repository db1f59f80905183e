using System.Globalization;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance;

/// <summary>
/// The place of a lock in the text that tests and peers exchange: <c>name:NAME</c>, or <c>region:NAME:OFFSET</c> in an existing region.
/// </summary>
public static class LockPlaceText
{
    /// <summary>The mutex of a place.</summary>
    public static NamedMutex Mutex(string place, NamedMutexOptions? options = null) =>
        Open(place, name => NamedMutex.Open(name, options), (region, offset) => NamedMutex.OpenIn(region, offset, options));

    /// <summary>The semaphore of a place.</summary>
    public static NamedSemaphore Semaphore(string place, int permits, int maximum) =>
        Open(
            place,
            name => NamedSemaphore.Open(name, permits, maximum),
            (region, offset) => NamedSemaphore.OpenIn(region, offset, permits, maximum));

    /// <summary>The event of a place.</summary>
    public static NamedEvent Event(string place, EventResetMode mode) =>
        Open(place, name => NamedEvent.Open(name, mode), (region, offset) => NamedEvent.OpenIn(region, offset, mode));

    /// <summary>The countdown of a place.</summary>
    public static NamedCountdown Countdown(string place, int count) =>
        Open(place, name => NamedCountdown.Open(name, count), (region, offset) => NamedCountdown.OpenIn(region, offset, count));

    private static T Open<T>(string place, Func<string, T> named, Func<SharedRegion, long, T> placed)
    {
        ArgumentNullException.ThrowIfNull(place);
        string[] parts = place.Split(':');
        if (parts[0] == "name")
        {
            return named(parts[1]);
        }

        using var region = SharedRegion.Open(parts[1]);
        return placed(region, long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    /// <summary>The condition of a place.</summary>
    public static NamedCondition Condition(string place, NamedMutex mutex, NamedConditionOptions? options = null) =>
        Open(
            place,
            name => NamedCondition.Open(name, mutex, options),
            (region, offset) => NamedCondition.OpenIn(region, offset, mutex, options));

    /// <summary>The reader-writer lock of a place.</summary>
    public static NamedReaderWriterLock ReaderWriterLock(string place, NamedReaderWriterLockOptions? options = null) =>
        Open(
            place,
            name => NamedReaderWriterLock.Open(name, options),
            (region, offset) => NamedReaderWriterLock.OpenIn(region, offset, options));

    /// <summary>The barrier of a place.</summary>
    public static NamedBarrier Barrier(string place, int parties) =>
        Open(place, name => NamedBarrier.Open(name, parties), (region, offset) => NamedBarrier.OpenIn(region, offset, parties));
}
