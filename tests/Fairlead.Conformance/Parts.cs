using System.Buffers;

namespace Fairlead.Conformance;

/// <summary>Several buffers, chained as one sequence.</summary>
public static class Parts
{
    /// <summary>Chains these buffers in order; their memory is not copied.</summary>
    public static ReadOnlySequence<byte> Of(params IEnumerable<ReadOnlyMemory<byte>> buffers)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        Segment? first = null;
        Segment? last = null;
        foreach (ReadOnlyMemory<byte> buffer in buffers)
        {
            last = new Segment(buffer, last);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    /// <summary>Cuts bytes into parts of this size; the last may be shorter. Empty parts lie before, behind and between them.</summary>
    public static ReadOnlySequence<byte> Cut(ReadOnlyMemory<byte> bytes, int size)
    {
        List<ReadOnlyMemory<byte>> parts = [default];
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(size, bytes.Length)..])
        {
            parts.Add(bytes[..Math.Min(size, bytes.Length)]);
            if (parts.Count % 3 == 0)
            {
                parts.Add(default);
            }
        }

        return Of([.. parts, default]);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
