using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Services;

/// <summary>The moment, as the services of dates and times write it.</summary>
internal static class TimeTexts
{
    /// <summary>Seconds from 1900 to 1970.</summary>
    private const long From1900 = 2_208_988_800;

    /// <summary><c>2026-11-23 06:28:30</c> and a NUL.</summary>
    public static byte[] Date(DateTimeOffset moment, TimeZoneInfo zone) => Encoding.ASCII.GetBytes($"{Text(moment, zone)}\0");

    /// <summary>The same without the NUL.</summary>
    public static string Text(DateTimeOffset moment, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary><c>Monday, November 23, 2026 06:28:30-UTC</c>, the form that RFC 867 shows; other zones are told by their offset.</summary>
    public static byte[] Daytime(DateTimeOffset moment, TimeZoneInfo zone)
    {
        DateTimeOffset there = TimeZoneInfo.ConvertTime(moment, zone);
        string text = there.ToString("dddd, MMMM d, yyyy HH:mm:ss", CultureInfo.InvariantCulture);
        string offset = there.Offset == TimeSpan.Zero ? "-UTC" : there.ToString(" zzz", CultureInfo.InvariantCulture);
        return Encoding.ASCII.GetBytes($"{text}{offset}\r\n");
    }

    /// <summary>The number of RFC 868. It begins anew in 2036.</summary>
    public static byte[] Time(DateTimeOffset moment)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, unchecked((uint)(moment.ToUnixTimeSeconds() + From1900)));
        return bytes;
    }

    /// <summary>The moment of such a number. One from the first half of its range lies after 2036.</summary>
    public static DateTimeOffset MomentOf(ReadOnlySpan<byte> bytes)
    {
        long seconds = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return DateTimeOffset.FromUnixTimeSeconds((seconds < 1L << 31 ? seconds + (1L << 32) : seconds) - From1900);
    }
}
