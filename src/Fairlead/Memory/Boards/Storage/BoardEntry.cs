using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Memory.Backing;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// The description of a cell: its key, its type, and its place. A copy that was judged once; shared memory is not read again.
/// </summary>
/// <param name="Key">Its name on the board.</param>
/// <param name="Type">The name of the type, for people.</param>
/// <param name="Size">The size of a value, in bytes.</param>
/// <param name="Fingerprint">Of the type's layout.</param>
/// <param name="Offset">From the beginning of the board.</param>
internal sealed record BoardEntry(string Key, string Type, int Size, ulong Fingerprint, long Offset)
{
    /// <summary>Throws on what is not UTF-8.</summary>
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The first byte behind the cell.</summary>
    public long End => Offset + CellLayout.Size(Size);

    /// <summary>The fingerprint, as errors and lists show it.</summary>
    public string Layout => LayoutOf(Fingerprint);

    /// <summary>A cell for a type, at a place.</summary>
    public static BoardEntry Of<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(string key, long offset = 0)
        where T : unmanaged =>
        new(key, Cut(LayoutFingerprint.NameOf(typeof(T))), Unsafe.SizeOf<T>(), LayoutFingerprint.Of<T>(), offset);

    /// <summary>How a fingerprint is shown.</summary>
    public static string LayoutOf(ulong fingerprint) => fingerprint.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Refuses what cannot be a key.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or has characters that no terminal should get.</exception>
    public static void CheckKey(string key, [CallerArgumentExpression(nameof(key))] string name = "key")
    {
        ArgumentNullException.ThrowIfNull(key, name);
        if (!IsKey(key))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{PlainText.OneLine(key)}' cannot be a key: a key has 1 to {BoardLayout.LongestKey} bytes of UTF-8 and no control "
                        + $"characters."),
                name);
        }
    }

    /// <summary>Reads an entry, and judges it.</summary>
    /// <param name="bytes">A copy that no other process can change.</param>
    /// <param name="first">Where cells begin.</param>
    /// <param name="end">Where they end.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="wrong">Else: the fault.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, long first, long end, [NotNullWhen(true)] out BoardEntry? entry, [NotNullWhen(false)] out string? wrong)
    {
        entry = null;
        long offset = MemoryMarshal.Read<long>(bytes[BoardLayout.EntryOffsetAt..]);
        uint size = MemoryMarshal.Read<uint>(bytes[BoardLayout.EntryValueSizeAt..]);
        int keyLength = MemoryMarshal.Read<ushort>(bytes[BoardLayout.EntryKeyLengthAt..]);
        int typeLength = MemoryMarshal.Read<ushort>(bytes[BoardLayout.EntryTypeLengthAt..]);
        if (size is 0 or > int.MaxValue)
        {
            wrong = string.Create(CultureInfo.InvariantCulture, $"it tells of values of {size} bytes");
            return false;
        }

        if (offset < first || offset % CellLayout.Alignment != 0 || offset > end || CellLayout.Size((int)size) > end - offset)
        {
            wrong = string.Create(CultureInfo.InvariantCulture, $"it tells of a cell of {size} bytes at {offset}");
            return false;
        }

        string? key = TextOf(bytes, BoardLayout.EntryKeyAt, keyLength, BoardLayout.LongestKey);
        string? type = TextOf(bytes, BoardLayout.EntryTypeAt, typeLength, BoardLayout.LongestType);
        if (key is null || type is null || !IsKey(key))
        {
            wrong = "its texts are damaged";
            return false;
        }

        wrong = null;
        entry = new BoardEntry(
            key, PlainText.OneLine(type), (int)size, MemoryMarshal.Read<ulong>(bytes[BoardLayout.EntryFingerprintAt..]), offset);
        return true;
    }

    /// <summary>Writes the entry.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..BoardLayout.EntrySize].Clear();
        MemoryMarshal.Write(bytes[BoardLayout.EntryOffsetAt..], Offset);
        MemoryMarshal.Write(bytes[BoardLayout.EntryFingerprintAt..], Fingerprint);
        MemoryMarshal.Write(bytes[BoardLayout.EntryValueSizeAt..], (uint)Size);
        MemoryMarshal.Write(bytes[BoardLayout.EntryKeyLengthAt..], (ushort)Strict.GetBytes(Key, bytes[BoardLayout.EntryKeyAt..]));
        MemoryMarshal.Write(bytes[BoardLayout.EntryTypeLengthAt..], (ushort)Strict.GetBytes(Type, bytes[BoardLayout.EntryTypeAt..]));
    }

    /// <summary>Whether a type has the layout of this one's values.</summary>
    public bool Fits(ulong fingerprint, int size) => fingerprint == Fingerprint && size == Size;

    private static bool IsKey(string key)
    {
        if (key.Length is 0 or > BoardLayout.LongestKey || key != PlainText.OneLine(key))
        {
            return false;
        }

        try
        {
            return Strict.GetByteCount(key) <= BoardLayout.LongestKey;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static string? TextOf(ReadOnlySpan<byte> bytes, int at, int length, int longest)
    {
        if (length == 0 || length > longest)
        {
            return null;
        }

        try
        {
            return Strict.GetString(bytes.Slice(at, length));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    // Between two characters.
    private static string Cut(string type)
    {
        while (Encoding.UTF8.GetByteCount(type) > BoardLayout.LongestType)
        {
            type = type[..^(char.IsLowSurrogate(type[^1]) ? 2 : 1)];
        }

        return type;
    }
}
