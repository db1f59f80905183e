using System.Buffers.Binary;
using System.Diagnostics;

namespace Fairlead.Cli.Tour;

/// <summary>
/// What stands before each message of a tour, inside its payload: which it is, so that a lost, doubled or reordered one is seen; how long
/// it is, so that two that ran together are seen; and when it was sent, by the clock that all processes of a machine share.
/// </summary>
/// <param name="Stream">Where one end gets the input several times: which time.</param>
/// <param name="Index">The number of the message in the input, from 0.</param>
/// <param name="Length">Bytes behind the envelope.</param>
/// <param name="SentAt">A timestamp of <see cref="Stopwatch"/>.</param>
internal readonly record struct Envelope(int Stream, int Index, int Length, long SentAt)
{
    public const int Size = 20;

    /// <summary>Time from sending until now.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(SentAt);

    /// <summary>A buffer for <see cref="Pack"/>.</summary>
    public static byte[] BufferFor(TourInput input) => new byte[Size + input.Cut.Longest];

    /// <summary>
    /// Builds message <paramref name="index"/> of the input in <paramref name="buffer"/> and returns its bytes. The time of sending is now.
    /// </summary>
    public static Span<byte> Pack(TourInput input, int index, byte[] buffer, int stream = 0)
    {
        var length = input.Cut.Message(index).Length;
        input.Read(index, buffer.AsSpan(Size));
        BinaryPrimitives.WriteInt32BigEndian(buffer, stream);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(4), index);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(8), length);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(12), Stopwatch.GetTimestamp());
        return buffer.AsSpan(0, Size + length);
    }

    /// <summary>Reads a message; null when it is none of a tour.</summary>
    public static Envelope? Read(ReadOnlySpan<byte> packed)
    {
        if (packed.Length < Size)
        {
            return null;
        }

        var envelope = new Envelope(
            BinaryPrimitives.ReadInt32BigEndian(packed),
            BinaryPrimitives.ReadInt32BigEndian(packed[4..]),
            BinaryPrimitives.ReadInt32BigEndian(packed[8..]),
            BinaryPrimitives.ReadInt64BigEndian(packed[12..]));
        return envelope.Index >= 0 && envelope.Length == packed.Length - Size ? envelope : null;
    }
}
