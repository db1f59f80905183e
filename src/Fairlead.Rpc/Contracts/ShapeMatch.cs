using System.Globalization;

namespace Fairlead.Rpc.Contracts;

/// <summary>Compares shapes: the language of docs/rpc-format.md.</summary>
/// <remarks>One of them is another program's text: whatever it is, the comparison ends.</remarks>
internal static class ShapeMatch
{
    // The signs before the brace of a type with numbered parts, and of a union.
    private const string Signs = "#|";
    private const int Malformed = -1;

    // Longer ones must be equal: a stranger's text costs no more than this squared.
    private const int MaxLength = 100_000;

    /// <summary>A type is nested no deeper than its values.</summary>
    private const int MaxDepth = RpcLimits.MaxDepth;

    /// <summary>
    /// Whether a value of one shape is understood by a reader of the other: they are equal, apart from numbered parts and cases of unions
    /// that only one has.
    /// </summary>
    public static bool Fit(ReadOnlySpan<char> one, ReadOnlySpan<char> other) =>
        Math.Max(one.Length, other.Length) > MaxLength ? one.SequenceEqual(other) : Fit(one, other, 0);

    private static bool Fit(ReadOnlySpan<char> one, ReadOnlySpan<char> other, int depth)
    {
        while (!one.SequenceEqual(other))
        {
            if (depth > MaxDepth)
            {
                return false;
            }

            // Up to the next type that may grow.
            int at = one.IndexOfAny(Signs);
            if (at < 0 || other.IndexOfAny(Signs) != at || !Same(one, other, at + 2))
            {
                return false;
            }

            one = one[(at + 2)..];
            other = other[(at + 2)..];
            int end = EndOf(one, '}');
            int otherEnd = EndOf(other, '}');
            if (end < 0 || otherEnd < 0 || !PartsFit(one[..end], other[..otherEnd], depth + 1))
            {
                return false;
            }

            one = one[end..];
            other = other[otherEnd..];
        }

        return true;
    }

    private static bool Same(ReadOnlySpan<char> one, ReadOnlySpan<char> other, int length) =>
        Math.Min(one.Length, other.Length) >= length && one[..length].SequenceEqual(other[..length]) && one[length - 1] == '{';

    // Both are in the order of their numbers: each pass takes the part with the lower number, or both.
    private static bool PartsFit(ReadOnlySpan<char> ones, ReadOnlySpan<char> others, int depth)
    {
        bool hasOne = TryTake(ref ones, out int number, out ReadOnlySpan<char> shape);
        bool hasOther = TryTake(ref others, out int otherNumber, out ReadOnlySpan<char> otherShape);
        while (hasOne && hasOther)
        {
            if (number == Malformed || otherNumber == Malformed || (number == otherNumber && !Fit(shape, otherShape, depth)))
            {
                return false;
            }

            int lower = Math.Min(number, otherNumber);
            hasOne = number > lower || TryTake(ref ones, out number, out shape);
            hasOther = otherNumber > lower || TryTake(ref others, out otherNumber, out otherShape);
        }

        return true;
    }

    // 1:Name:T. The name is for people.
    private static bool TryTake(ref ReadOnlySpan<char> parts, out int number, out ReadOnlySpan<char> shape)
    {
        int end = EndOf(parts, ',');
        ReadOnlySpan<char> part = end < 0 ? parts : parts[..end];
        parts = end < 0 ? default : parts[(end + 1)..];
        int colon = part.IndexOf(':');
        int second = colon < 0 ? -1 : part[(colon + 1)..].IndexOf(':');
        shape = second < 0 ? default : part[(colon + second + 2)..];
        if (second < 0 || !int.TryParse(part[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            number = Malformed;
        }

        return !part.IsEmpty;
    }

    /// <summary>The first place of a letter outside of brackets that open behind the beginning; -1: there is none.</summary>
    private static int EndOf(ReadOnlySpan<char> text, char letter)
    {
        int open = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == letter && open == 0)
            {
                return i;
            }

            open += text[i] switch
            {
                '{' or '[' or '(' => 1,
                '}' or ']' or ')' => -1,
                _ => 0,
            };
        }

        return -1;
    }
}
