using System.Runtime.CompilerServices;

namespace Fairlead.TestPeer;

/// <summary>A value that takes a while to copy: half of one and half of another are told by their numbers.</summary>
[InlineArray(Words)]
public struct CellBlock
{
    private const int Words = 256;

    private long _first;

    /// <summary>A block that says the same number everywhere.</summary>
    public static CellBlock Of(long number)
    {
        CellBlock block = default;
        ((Span<long>)block).Fill(number);
        return block;
    }

    /// <summary>The number, or -1 when it is not the same everywhere.</summary>
    public static long NumberIn(in CellBlock block)
    {
        ReadOnlySpan<long> words = block;
        return words.ContainsAnyExcept(words[0]) ? -1 : words[0];
    }
}
