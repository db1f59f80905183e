namespace Fairlead.Logs.Storage;

/// <summary>The place of a record in its segment, and the number of records before it: one word, for a consistent pair.</summary>
internal readonly record struct RecordPlace(ulong Value)
{
    public RecordPlace(long offset, uint index)
        : this(((ulong)index << 32) | (ulong)(offset >> 3))
    {
    }

    public static RecordPlace First => new(LogLayout.HeaderSize, 0);

    /// <summary>The offset in bytes from the start of the segment; a multiple of 8.</summary>
    public long Offset => (long)(Value & uint.MaxValue) << 3;

    public uint Index => (uint)(Value >> 32);

    /// <summary>Returns the place after a record of this size.</summary>
    public RecordPlace Behind(long size) => new(Offset + size, Index + 1);
}
