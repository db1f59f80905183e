using System.Buffers.Binary;
using System.Globalization;

namespace Fairlead;

/// <summary>The place of a message among all that a publisher with a store has published.</summary>
/// <remarks>A subscriber that keeps it can go on after it: <see cref="SubscriberOptions.ResumeAfter"/>.</remarks>
/// <param name="Epoch">Names the run of the publisher: a random number, chosen when the store is opened.</param>
/// <param name="Number">The number of the message's record in the log.</param>
public readonly record struct PublishedPosition(ulong Epoch, long Number)
{
    /// <summary>The length in a frame.</summary>
    internal const int Bytes = 2 * sizeof(ulong);

    /// <summary>Reads what <see cref="ToString"/> returns.</summary>
    /// <exception cref="FormatException">The text is no position.</exception>
    public static PublishedPosition Parse(string text) => TryParse(text, out PublishedPosition position)
        ? position
        : throw new FormatException("This is no position of a published message. One looks like 00ab34cd56ef7890-17.");

    /// <summary>Reads what <see cref="ToString"/> returns. Returns whether the text is a position.</summary>
    public static bool TryParse(string? text, out PublishedPosition position)
    {
        position = default;
        if (text?.IndexOf('-', StringComparison.Ordinal) is not 16
            || !ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong epoch)
            || !long.TryParse(text.AsSpan(17), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return false;
        }

        position = new PublishedPosition(epoch, number);
        return true;
    }

    /// <summary>Returns text to keep.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:x16}-{Number}");

    /// <summary>Reads a field of a frame; null: it is none.</summary>
    internal static PublishedPosition? Read(ReadOnlySpan<byte> field) => field.Length == Bytes
        ? new PublishedPosition(BinaryPrimitives.ReadUInt64BigEndian(field), BinaryPrimitives.ReadInt64BigEndian(field[sizeof(ulong)..]))
        : null;

    internal void WriteTo(Span<byte> field)
    {
        BinaryPrimitives.WriteUInt64BigEndian(field, Epoch);
        BinaryPrimitives.WriteInt64BigEndian(field[sizeof(ulong)..], Number);
    }
}
