using System.Globalization;

namespace Fairlead.Logs;

/// <summary>The place where reading a log begins: at its oldest record, its end, a number, or a time.</summary>
public readonly struct LogStart : IEquatable<LogStart>
{
    private readonly long _sequence;
    private readonly DateTimeOffset? _time;

    private LogStart(long sequence, DateTimeOffset? time = null)
    {
        _sequence = sequence;
        _time = time;
    }

    /// <summary>The oldest existing record; the default.</summary>
    public static LogStart Oldest => default;

    /// <summary>The end: only records appended from now on.</summary>
    public static LogStart End => new(-1);

    /// <summary>The number, if it is a number.</summary>
    internal long? Number => _time is null && _sequence > 0 ? _sequence : null;

    /// <summary>The time, if it is a time.</summary>
    internal DateTimeOffset? Since => _time;

    internal bool IsEnd => _time is null && _sequence < 0;

    /// <summary>The record with this number, or the first existing one after it.</summary>
    /// <param name="sequence">The number; 1 or more.</param>
    public static LogStart At(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        return new LogStart(sequence);
    }

    /// <summary>The first record with this time or a later one.</summary>
    public static LogStart At(DateTimeOffset time) => new(0, time);

    /// <summary>
    /// Parses the form used by the tool and in addresses: <c>start</c>, <c>end</c>, a number, or a time, <c>2026-11-20T12:00:00Z</c>. A
    /// time without an offset is local; a date alone, <c>2026-11-20</c>, is its local midnight.
    /// </summary>
    public static bool TryParse(string? text, out LogStart start)
    {
        start = default;
        if (text is "start" or "end")
        {
            start = text == "end" ? End : Oldest;
            return true;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) && sequence > 0)
        {
            start = At(sequence);
            return true;
        }

        bool isTime =
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeLocal | DateTimeStyles.AllowWhiteSpaces,
                out DateTimeOffset time)
            && (text!.Contains(':', StringComparison.Ordinal) || IsDate(text));
        if (isTime)
        {
            start = At(time);
        }

        return isTime;
    }

    // Other texts without a colon, such as 1.5, are times to DateTimeOffset, but to no reader.
    private static bool IsDate(string text) =>
        DateOnly.TryParseExact(
            text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AllowLeadingWhite | DateTimeStyles.AllowTrailingWhite, out _);

    /// <summary>Returns the form that <see cref="TryParse"/> accepts.</summary>
    public override string ToString() =>
        _time is { } time ? time.ToString("O", CultureInfo.InvariantCulture)
        : IsEnd ? "end"
        : _sequence == 0 ? "start"
        : _sequence.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public bool Equals(LogStart other) => _sequence == other._sequence && _time == other._time;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LogStart other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_sequence, _time);

    /// <summary>Whether both begin at the same place.</summary>
    public static bool operator ==(LogStart left, LogStart right) => left.Equals(right);

    /// <summary>Whether they begin at different places.</summary>
    public static bool operator !=(LogStart left, LogStart right) => !left.Equals(right);
}
