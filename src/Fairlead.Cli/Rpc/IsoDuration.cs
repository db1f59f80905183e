using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Rpc;

/// <summary>Durations of ISO 8601, of days and less: <c>P1DT2H</c>, <c>-PT0.5S</c>.</summary>
internal static class IsoDuration
{
    private static readonly (char Unit, long Ticks, bool IsTime)[] Units =
    [
        ('D', TimeSpan.TicksPerDay, false),
        ('H', TimeSpan.TicksPerHour, true),
        ('M', TimeSpan.TicksPerMinute, true),
        ('S', TimeSpan.TicksPerSecond, true),
    ];

    public static string Format(TimeSpan value)
    {
        // Of the least value there is no positive counterpart.
        Int128 ticks = Int128.Abs(value.Ticks);
        StringBuilder text = new(value.Ticks < 0 ? "-P" : "P");
        bool inTime = false;
        foreach ((char unit, long size, bool isTime) in Units)
        {
            Int128 count = ticks / size;
            ticks -= count * size;
            bool isLast = unit == 'S';
            if (count == 0 && !(isLast && (ticks > 0 || value.Ticks == 0)))
            {
                continue;
            }

            if (isTime && !inTime)
            {
                inTime = true;
                text.Append('T');
            }

            text.Append(CultureInfo.InvariantCulture, $"{count}");
            if (isLast && ticks > 0)
            {
                text.Append('.').Append(((long)ticks).ToString("D7", CultureInfo.InvariantCulture).TrimEnd('0'));
            }

            text.Append(unit);
        }

        return text.ToString();
    }

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        bool isNegative = text.StartsWith('-');
        ReadOnlySpan<char> rest = text.AsSpan(isNegative ? 1 : 0);
        if (rest is not ['P', _, ..])
        {
            return false;
        }

        rest = rest[1..];
        decimal ticks = 0;
        bool inTime = false;
        int next = 0;
        while (rest.Length > 0)
        {
            if (rest[0] == 'T' && !inTime && rest.Length > 1)
            {
                inTime = true;
                rest = rest[1..];
            }

            int digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            char letter = digits < rest.Length ? rest[digits] : '\0';
            int unit = Array.FindIndex(Units, next, one => one.Unit == letter && one.IsTime == inTime);
            if (unit < 0
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count)
                || count > long.MaxValue / Units[unit].Ticks)
            {
                return false;
            }

            ticks += count * Units[unit].Ticks;
            next = unit + 1;
            rest = rest[(digits + 1)..];
        }

        ticks = isNegative ? -ticks : ticks;
        if (ticks < long.MinValue || ticks > long.MaxValue)
        {
            return false;
        }

        value = new TimeSpan((long)ticks);
        return true;
    }
}
