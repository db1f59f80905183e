using System.Buffers.Binary;
using System.Diagnostics;

namespace Fairlead.Cli.Tour;

/// <summary>
/// The header before each message of a tour, inside its payload. Its number shows lost, duplicated and reordered messages, its length shows
/// messages that ran together. The sending time is by the clock that all processes of a machine share.
/// </summary>
/// <param name="Stream">If an end gets the input several times: the number of the time.</param>
/// <param name="Index">The number of the message in the input, from 0.</param>
/// <param name="Length">The number of bytes after the envelope.</param>
/// <param name="SentAt">A timestamp of <see cref="Stopwatch"/>.</param>
internal readonly record struct Envelope(int Stream, int Index, int Length, long SentAt)
{
    public const int Size = 20;

    /// <summary>The time from sending until now.</summary>
    public TimeSpan Age => Stopwatch.GetElapsedTime(SentAt);

    /// <summary>Returns a buffer for <see cref="Pack"/>.</summary>
    public static byte[] BufferFor(TourInput input) => new byte[Size + input.Cut.Longest];

    /// <summary>
    /// Builds message <paramref name="index"/> of the input in <paramref name="buffer"/> and returns its bytes. The sending time is now.
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

    /// <summary>Reads an envelope; null if the message is not one of a tour.</summary>
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
