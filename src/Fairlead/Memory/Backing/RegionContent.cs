namespace Fairlead.Memory.Backing;

/// <summary>The content of a region. Its header names it, and a program never mistakes one content for another.</summary>
internal enum RegionContent : uint
{
    /// <summary>Bytes in a format that the users agree on.</summary>
    Bytes = 1,

    /// <summary>One cell, see <see cref="CellLayout"/>.</summary>
    Cell = 2,

    /// <summary>A mutex. From here to <see cref="Barrier"/>: locks of all kinds.</summary>
    Mutex = 3,

    /// <summary>A semaphore.</summary>
    Semaphore = 4,

    /// <summary>An event.</summary>
    Event = 5,

    /// <summary>A countdown.</summary>
    Countdown = 6,

    /// <summary>A condition.</summary>
    Condition = 7,

    /// <summary>A reader-writer lock.</summary>
    ReaderWriterLock = 8,

    /// <summary>A barrier.</summary>
    Barrier = 9,

    /// <summary>Many cells by name: a board.</summary>
    Board = 10,
}
