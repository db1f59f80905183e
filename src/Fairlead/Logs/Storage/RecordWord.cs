namespace Fairlead.Logs.Storage;

/// <summary>The state of a record, in its first word.</summary>
internal enum RecordState
{
    /// <summary>Nothing has been appended here yet.</summary>
    Free = 0,

    /// <summary>An appender is writing it.</summary>
    Reserved = 1,

    Published = 2,

    /// <summary>Its appender died while writing it.</summary>
    Void = 3,

    /// <summary>Not a record: the segment ends here.</summary>
    End = 4,
}

/// <summary>
/// The first word of a record: the length of its body (30 bits), the number of its appender (30 bits), its state (4 bits). A
/// compare-and-swap from zero claims the place, and in the same step all processes know its length and owner. So a death never leaves a
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

    /// <summary>The length of the body in bytes, as found, not validated.</summary>
    public int Length => (int)(Value & Mask);

    public RecordWord As(RecordState state) => new((Value & ~(15UL << StateShift)) | ((ulong)state << StateShift));

    /// <summary>The number of appender numbers; they are assigned in turn and repeat after that.</summary>
    public static uint Appenders => (uint)Mask + 1;
}
