namespace Fairlead.Logs.Storage;

/// <summary>
/// Where a record begins in its segment, and how many there are before it: one word, so that both are always of one moment.
/// </summary>
internal readonly record struct RecordPlace(ulong Value)
{
    public RecordPlace(long offset, uint index)
        : this(((ulong)index << 32) | (ulong)(offset >> 3))
    {
    }

    public static RecordPlace First => new(LogLayout.HeaderSize, 0);

    /// <summary>In bytes from the beginning of the segment; a multiple of 8.</summary>
    public long Offset => (long)(Value & uint.MaxValue) << 3;

    public uint Index => (uint)(Value >> 32);

    /// <summary>Behind a record of this size.</summary>
    public RecordPlace Behind(long size) => new(Offset + size, Index + 1);
}
