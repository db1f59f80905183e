namespace Fairlead.Memory.Backing;

/// <summary>
/// The layout of the header before the bytes of a Fairlead region, named or in a memory file. docs/memory-layout.md shows it; a test checks
/// the numbers. Native byte order; written once, before another process can open the file.
/// <code>
///    0  magic "FLREGION"                     8 bytes
///    8  layout version, 1                    u32
///   12  header size, 64                      u32
///   16  size of what follows, in bytes       i64
///   24  content (RegionContent)              u32
///   28  ready: 1, written last (release)     u32
///   32  reserved, 0
///   64  the bytes
/// </code>
/// </summary>
internal static class RegionLayout
{
    public const int HeaderSize = 64;
    public const uint Version = 1;
    public const uint Ready = 1;

    public const int MagicAt = 0;
    public const int VersionAt = 8;
    public const int HeaderSizeAt = 12;
    public const int SizeAt = 16;
    public const int ContentAt = 24;
    public const int ReadyAt = 28;

    /// <summary>The first eight bytes.</summary>
    public static ReadOnlySpan<byte> Magic => "FLREGION"u8;
}
