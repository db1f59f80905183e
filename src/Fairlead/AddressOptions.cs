using System.Globalization;
using System.Text;

namespace Fairlead;

/// <summary>Reads the options of an address by type. Null means that the address does not have the option.</summary>
/// <remarks>Every error contains the option, the value and what is allowed.</remarks>
internal static class AddressOptions
{
    private static readonly (string Suffix, long Factor)[] SizeUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1),
    ];

    private static readonly (string Suffix, long Ticks)[] DurationUnits =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary>Throws for the first unknown option, because a misspelt option must not be ignored.</summary>
    /// <exception cref="AddressFormatException">An option is unknown.</exception>
    /// <param name="address">The address.</param>
    /// <param name="known">The options that have a meaning here.</param>
    /// <param name="ignored">Options of the other end, which may stand here and mean nothing.</param>
    public static void RequireKnown(this Address address, IEnumerable<string> known, params string[] ignored)
    {
        var names = known as IReadOnlyCollection<string> ?? [.. known];
        foreach (var (name, _) in address.Options)
        {
            if (names.Contains(name) || ignored.Contains(name))
            {
                continue;
            }

            var guess = NearestName.Of(name, [.. names, .. ignored]) is { } nearest ? $"; did you mean '{nearest}'?" : ".";
            var allowed = names.Count == 0
                ? $"{address.Scheme} accepts no options here"
                : $"Here {address.Scheme} accepts: {string.Join(", ", names.Order(StringComparer.Ordinal))}";
            throw new AddressFormatException(address.ToString(), $"unknown option '{name}'{guess} {allowed}");
        }
    }

    /// <summary>Reads a number of bytes, such as <c>4096</c>, <c>64KiB</c>, <c>1MiB</c>, <c>1GiB</c>, or decimal <c>64kB</c>,
    /// <c>1MB</c>.</summary>
    /// <remarks>Units may have any case. The largest decimal unit is <c>GB</c>.</remarks>
    public static long? Size(this Address address, string option, long min = 0, long max = long.MaxValue)
    {
        if (address.Option(option) is not { } value)
        {
            return null;
        }

        foreach (var (suffix, factor) in SizeUnits)
        {
            if (!value.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!ulong.TryParse(
                value.AsSpan(0, value.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                break;
            }

            var bytes = (UInt128)count * (ulong)factor;
            return bytes >= (ulong)min && bytes <= (ulong)max
                ? (long)bytes
                : throw Refuse(
                    address,
                    option,
                    value,
                    max == long.MaxValue ? $"write {SizeText(min)} or more" : $"write {SizeText(min)} to {SizeText(max)}");
        }

        throw Refuse(address, option, value, "write a number of bytes, or a number with KiB, MiB, GiB, kB, MB or GB, such as 64KiB");
    }

    /// <summary>Reads a duration: <c>100ms</c>, <c>5s</c>, <c>1.5s</c>, <c>2m</c>, <c>1h</c>, or <c>infinite</c>.</summary>
    /// <remarks><c>infinite</c> is <see cref="Timeout.InfiniteTimeSpan"/>.</remarks>
    public static TimeSpan? Duration(this Address address, string option, bool allowInfinite = true)
    {
        if (address.Option(option) is not { } value)
        {
            return null;
        }

        if (value == "infinite")
        {
            return allowInfinite
                ? Timeout.InfiniteTimeSpan
                : throw Refuse(address, option, value, "it must be finite; write 5s, 100ms, 2m or 1h");
        }

        if (value == "0")
        {
            return TimeSpan.Zero;
        }

        foreach (var (suffix, ticks) in DurationUnits)
        {
            if (value.EndsWith(suffix, StringComparison.Ordinal)
                && decimal.TryParse(
                    value.AsSpan(0, value.Length - suffix.Length),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var count))
            {
                // 28 digits times a day can exceed a decimal, so compare with the limit before multiplying.
                return count <= TimeSpan.MaxValue.Ticks / ticks
                    ? new TimeSpan((long)(count * ticks))
                    : throw Refuse(address, option, value, "the duration is too long; write infinite");
            }
        }

        throw Refuse(address, option, value, allowInfinite
            ? "write a number with us, ms, s, m, h or d, such as 5s or 100ms, or infinite"
            : "write a number with us, ms, s, m, h or d, such as 5s or 100ms");
    }

    /// <summary>Reads a whole number.</summary>
    public static int? Int(this Address address, string option, int min = 0, int max = int.MaxValue)
    {
        if (address.Option(option) is not { } value)
        {
            return null;
        }

        return int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= min
            && number <= max
            ? number
            : throw Refuse(
                address, option, value, string.Create(CultureInfo.InvariantCulture, $"write a whole number from {min} to {max}"));
    }

    /// <summary>Reads a switch: <c>true</c> or <c>false</c>, <c>yes</c> or <c>no</c>, <c>on</c> or <c>off</c>, <c>1</c> or
    /// <c>0</c>.</summary>
    public static bool? Bool(this Address address, string option) => address.Option(option) switch
    {
        null => null,
        "true" or "yes" or "on" or "1" => true,
        "false" or "no" or "off" or "0" => false,
        var value => throw Refuse(address, option, value, "write true or false"),
    };

    /// <summary>Reads an enumeration value, written in lower case with hyphens: <c>drop-oldest</c> for <c>DropOldest</c>.</summary>
    public static T? Enum<T>(this Address address, string option)
        where T : struct, Enum
    {
        if (address.Option(option) is not { } value)
        {
            return null;
        }

        var names = System.Enum.GetNames<T>();
        var written = Array.ConvertAll(names, Hyphenate);
        var index = Array.IndexOf(written, value);
        if (index >= 0)
        {
            return System.Enum.Parse<T>(names[index]);
        }

        var guess = NearestName.Of(value, written) is { } nearest ? $"did you mean '{nearest}'? " : "";
        throw Refuse(address, option, value, $"{guess}Allowed: {string.Join(", ", written)}");
    }

    private static AddressFormatException Refuse(Address address, string option, string value, string allowed) =>
        new(address.ToString(), $"option '{option}' cannot be '{AddressText.Display(value)}': {allowed}");

    private static string SizeText(long bytes)
    {
        foreach (var (suffix, factor) in SizeUnits)
        {
            if (factor > 1 && (factor & (factor - 1)) == 0 && bytes >= factor && bytes % factor == 0 && bytes / factor < 1024)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{suffix}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes}");
    }

    private static string Hyphenate(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
