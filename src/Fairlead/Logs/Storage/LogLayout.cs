using System.Numerics;

namespace Fairlead.Logs.Storage;

/// <summary>
/// The layout of the files of a log. docs/memory-layout.md shows it; a test checks the numbers. A log is a folder with one file
/// <c>control</c>, which matters only while the log is open, the segments, and a folder of named positions.
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
    public const int DoorbellAt = 128;
    public const int AppendersAt = 192;

    /// <summary>
    /// Locked in shared mode by every process that has the log open; exclusively by the first one while it repairs the log.
    /// </summary>
    public const long OpenLock = 1L << 40;

    /// <summary>Locked by the process that creates the next segment or removes old ones.</summary>
    public const long SegmentLock = OpenLock + 1;

    /// <summary>From here on one byte for each appender, locked while the appender lives.</summary>
    public const long AppenderLocks = 1L << 41;

    // In a segment.
    public const int OrdinalAt = 48;
    public const int BaseAt = 64;
    public const int SyncedAt = 72;
    public const int TailAt = 128;

    /// <summary>The index: where records begin, at intervals. The entries are hints, each verified against the record.</summary>
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

    /// <summary>Returns the size of a record with a body of this length, in bytes.</summary>
    public static long RecordSize(int body) => (RecordHeader + (long)body + 7) & ~7L;

    /// <summary>Returns the longest body for a segment of this size, which leaves space for the word that ends the segment.</summary>
    public static int LongestBody(long segmentSize) => (int)((segmentSize - HeaderSize - sizeof(ulong) - RecordHeader) & ~7L);

    /// <summary>Returns how many bytes of a segment one index entry covers, as a power of two.</summary>
    public static int StrideShift(long segmentSize) => BitOperations.Log2((ulong)(segmentSize - 1) / IndexEntries) + 1;
}
