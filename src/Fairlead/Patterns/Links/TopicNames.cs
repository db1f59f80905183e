using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Patterns.Links;

/// <summary>The texts of topics, most of which come again and again: one that this thread has read lately is the same string.</summary>
internal static class TopicNames
{
    /// <summary>A power of two.</summary>
    private const int Places = 64;

    /// <summary>Longer ones are made anew, so that what is kept stays small.</summary>
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
