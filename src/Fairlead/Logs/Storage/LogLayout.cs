using System.Numerics;

namespace Fairlead.Logs.Storage;

/// <summary>
/// What lies where in the files of a log. Drawn in docs/memory-layout.md; a test holds the numbers. A log is a folder: one file
/// <c>control</c>, which only those who have the log open need, the segments, and a folder with named positions.
/// </summary>
internal static class LogLayout
{
    public const uint Version = 1;
    public const uint Ready = 1;

    public const string ControlName = "control";
    public const string SegmentSuffix = ".segment";
    public const string PositionFolder = "positions";

    public const int HeaderSize = 4096;

    // In both headers.
    public const int MagicAt = 0;
    public const int VersionAt = 8;
    public const int HeaderSizeAt = 12;
    public const int SizeAt = 16;
    public const int ReadyAt = 24;
    public const int BootAt = 32;

    // In the control file.
    public const int BellAt = 128;
    public const int AppendersAt = 192;

    /// <summary>Locked, shared, by everybody who has the log open; by one alone who looks after it before the others.</summary>
    public const long OpenLock = 1L << 40;

    /// <summary>Locked by who makes the next segment, or removes old ones.</summary>
    public const long SegmentLock = OpenLock + 1;

    /// <summary>Behind it a byte for each appender, locked as long as it lives.</summary>
    public const long AppenderLocks = 1L << 41;

    // In a segment.
    public const int OrdinalAt = 48;
    public const int BaseAt = 64;
    public const int SyncedAt = 72;
    public const int TailAt = 128;

    /// <summary>Where in a segment every so many records begin: hints, each checked against the record that it leads to.</summary>
    public const int IndexAt = 2048;
    public const int IndexEntries = 256;

    public const long SmallestSegment = 64 * 1024;
    public const long LargestSegment = 1L << 30;
    public const long DefaultSegment = 64L * 1024 * 1024;

    // A record.
    public const int ChecksumAt = 8;
    public const int SequenceAt = 16;
    public const int TimeAt = 24;
    public const int AppenderAt = 32;
    public const int RecordBootAt = 40;
    public const int RecordHeader = 48;

    // A named position.
    public const int PositionSize = 64;
    public const int NextAt = 32;
    public const int HolderAt = 40;

    public static ReadOnlySpan<byte> ControlMagic => "FLLOGCTL"u8;

    public static ReadOnlySpan<byte> SegmentMagic => "FLLOGSEG"u8;

    public static ReadOnlySpan<byte> PositionMagic => "FLLOGPOS"u8;

    /// <summary>Bytes that a record with this body takes.</summary>
    public static long RecordSize(int body) => (RecordHeader + (long)body + 7) & ~7L;

    /// <summary>The longest body that a segment of this size holds: behind it there is room for the word that ends the segment.</summary>
    public static int LongestBody(long segmentSize) => (int)((segmentSize - HeaderSize - sizeof(ulong) - RecordHeader) & ~7L);

    /// <summary>For each so many bytes of a segment, as a power of two, there is one entry of the index.</summary>
    public static int StrideShift(long segmentSize) => BitOperations.Log2((ulong)(segmentSize - 1) / IndexEntries) + 1;
}
