namespace Fairlead.Logs.Storage;

/// <summary>What the first word of a record says of it.</summary>
internal enum RecordState
{
    /// <summary>Nothing has been appended here yet.</summary>
    Free = 0,

    /// <summary>Somebody is writing it.</summary>
    Reserved = 1,

    Published = 2,

    /// <summary>Its appender died while writing it.</summary>
    Void = 3,

    /// <summary>No record: here ends the segment.</summary>
    End = 4,
}

/// <summary>
/// The first word of a record: the length of its body (30 bits), the number of its appender (30 bits), its state (4 bits). Who exchanges it
/// for zero has the place, and in the same step everybody knows how long it is and whose: so there is no moment in which a death leaves a
/// place of unknown length or owner.
/// </summary>
internal readonly record struct RecordWord(ulong Value)
{
    private const int Bits = 30;
    private const ulong Mask = (1UL << Bits) - 1;
    private const int StateShift = 60;

    public RecordWord(RecordState state, uint appender, int length)
        : this(((ulong)state << StateShift) | ((appender & Mask) << Bits) | (uint)length)
    {
    }

    public static RecordWord End => new(RecordState.End, 0, 0);

    public RecordState State => (RecordState)(Value >> StateShift);

    public uint Appender => (uint)((Value >> Bits) & Mask);

    /// <summary>Of the body, in bytes; as it stands there, not judged.</summary>
    public int Length => (int)(Value & Mask);

    public RecordWord As(RecordState state) => new((Value & ~(15UL << StateShift)) | ((ulong)state << StateShift));

    /// <summary>Numbers of appenders are given out one after the other, and repeat after so many.</summary>
    public static uint Appenders => (uint)Mask + 1;
}
