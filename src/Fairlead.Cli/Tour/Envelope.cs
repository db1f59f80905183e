using System.Buffers.Binary;
using System.Diagnostics;

namespace Fairlead.Cli.Tour;

/// <summary>
/// What stands before each message of a tour, inside its payload: which it is, so that a lost, doubled or reordered one is seen; how long it is, so that
/// two that ran together are seen; and when it was sent, by the clock that all processes of a machine share.
/// </summary>
internal readonly record struct Envelope(int Index, int Length, long SentAt)
{
    public const int Size = 16;

    /// <summary>Builds message <paramref name="index"/> of the input in <paramref name="buffer"/> and returns its bytes.</summary>
    public static Span<byte> Pack(TourInput input, int index, byte[] buffer)
    {
        var length = input.Cut.Message(index).Length;
        BinaryPrimitives.WriteInt32BigEndian(buffer, index);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(4), length);
        input.Read(index, buffer.AsSpan(Size));
        Stamp(buffer);
        return buffer.AsSpan(0, Size + length);
    }

    /// <summary>Writes the time of sending anew.</summary>
    public static void Stamp(Span<byte> packed) => BinaryPrimitives.WriteInt64BigEndian(packed[8..], Stopwatch.GetTimestamp());

    /// <summary>A buffer for <see cref="Pack"/>.</summary>
    public static byte[] BufferFor(TourInput input) => new byte[Size + input.Cut.Longest];

    /// <summary>Reads a message; null when it is none of a tour.</summary>
    public static Envelope? Read(ReadOnlySpan<byte> packed)
    {
        if (packed.Length < Size)
        {
            return null;
        }

        var envelope = new Envelope(BinaryPrimitives.ReadInt32BigEndian(packed), BinaryPrimitives.ReadInt32BigEndian(packed[4..]), BinaryPrimitives.ReadInt64BigEndian(packed[8..]));
        return envelope.Index >= 0 && envelope.Length == packed.Length - Size ? envelope : null;
    }

    /// <summary>Time from sending until now.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(SentAt);
}
