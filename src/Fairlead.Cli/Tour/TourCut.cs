namespace Fairlead.Cli.Tour;

/// <summary>
/// How the input is split into messages: a text into its lines; anything else, or a text with very many lines, into blocks.
/// </summary>
/// <param name="Path">The file; null: the built-in text.</param>
/// <param name="Length">Its size in bytes at the start of the tour.</param>
/// <param name="BlockSize">The size of a message in bytes; 0: lines.</param>
/// <param name="Lines">Where the lines begin, and the end of the last one.</param>
internal sealed record TourCut(string? Path, long Length, int BlockSize, long[]? Lines)
{
    /// <summary>The most lines to send as messages, to keep the tour short.</summary>
    private const int MostLines = 4096;

    private const int LongestLine = 64 * 1024;

    private const int LargestBlock = 1024 * 1024;

    /// <summary>The number of messages.</summary>
    public int Count => Lines is not null ? Lines.Length - 1 : checked((int)((Length + BlockSize - 1) / BlockSize));

    /// <summary>The size of the longest message in bytes.</summary>
    public int Longest
    {
        get
        {
            var longest = 0;
            for (var i = 0; Lines is not null && i < Count; i++)
            {
                longest = Math.Max(longest, Message(i).Length);
            }

            return Math.Max(longest, BlockSize);
        }
    }

    /// <summary>Returns the place of message <paramref name="index"/>.</summary>
    public (long Start, int Length) Message(int index)
    {
        if (Lines is not null)
        {
            return (Lines[index], (int)(Lines[index + 1] - Lines[index]));
        }

        var start = (long)index * BlockSize;
        return (start, (int)Math.Min(BlockSize, Length - start));
    }

    /// <summary>Reads an input and decides. A line keeps its newline: an empty one is a message of one byte.</summary>
    public static TourCut Of(Stream input, string? path)
    {
        var ends = new List<long> { 0 };
        var buffer = new byte[64 * 1024];
        long length = 0;
        var isText = true;
        for (int count; (count = input.Read(buffer)) > 0; length += count)
        {
            var read = buffer.AsSpan(0, count);
            isText = isText && !read.Contains((byte)0);
            for (var at = 0; isText && at < count;)
            {
                var newline = read[at..].IndexOf((byte)'\n');
                at = newline < 0 ? count : at + newline + 1;
                isText = length + at - ends[^1] <= LongestLine && ends.Count <= MostLines;
                if (newline >= 0)
                {
                    ends.Add(length + at);
                }
            }
        }

        if (isText)
        {
            if (ends[^1] != length)
            {
                ends.Add(length);
            }

            return new TourCut(path, length, 0, [.. ends]);
        }

        // About four thousand blocks, in powers of two from 256 bytes; beyond the largest block only the number grows.
        var size = 256;
        while (size < LargestBlock && (long)size * MostLines < length)
        {
            size *= 2;
        }

        return new TourCut(path, length, size, null);
    }
}
