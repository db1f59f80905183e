using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Caches the strings of recent topics per thread, because most topics repeat.</summary>
internal static class TopicNames
{
    /// <summary>The size of the cache, a power of two.</summary>
    private const int Places = 64;

    /// <summary>The longest cached topic in bytes, which keeps the cache small.</summary>
    private const int Longest = 256;

    [ThreadStatic]
    private static Known[]? _known;

    public static string Of(ReadOnlySpan<byte> name)
    {
        if (name.Length > Longest)
        {
            return Encoding.UTF8.GetString(name);
        }

        ref Known place = ref (_known ??= new Known[Places])[PlaceOf(name)];
        if (place.Text is null || !name.SequenceEqual(place.Name))
        {
            place = new Known(name.ToArray(), Encoding.UTF8.GetString(name));
        }

        return place.Text!;
    }

    // Topics differ mostly in their last letters, or in their length.
    private static int PlaceOf(ReadOnlySpan<byte> name)
    {
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        last.Clear();
        name[Math.Max(0, name.Length - sizeof(ulong))..].CopyTo(last);
        ulong mixed = (MemoryMarshal.Read<ulong>(last) + (ulong)name.Length) * 0x9E3779B97F4A7C15;
        return (int)(mixed >> 58);
    }

    private readonly record struct Known(byte[]? Name, string? Text);
}
