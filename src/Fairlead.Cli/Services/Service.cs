namespace Fairlead.Cli.Services;

/// <summary>One of the small services: it makes the bytes that a client gets.</summary>
internal sealed class Service(ServiceKind kind, TimeZoneInfo zone)
{
    /// <summary>Characters of a line of chargen, and its end.</summary>
    public const int LineLength = 72 + 2;

    // RFC 864 proposes the printable ones, in the order of their codes, the space first.
    private const int FirstCharacter = ' ';
    private const int Characters = '~' - ' ' + 1;

    public ServiceKind Kind => kind;

    public bool Echoes => kind == ServiceKind.Echo;

    /// <summary>Whether a client gets one answer, and then the connection ends.</summary>
    public bool TellsTime => kind is ServiceKind.Date or ServiceKind.Daytime or ServiceKind.Time;

    /// <summary>Whether the server speaks without being asked.</summary>
    public bool Speaks => TellsTime || kind == ServiceKind.Chargen;

    /// <summary>Returns the current time in the form of the service.</summary>
    public byte[] Tell()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return kind switch
        {
            ServiceKind.Date => TimeTexts.Date(now, zone),
            ServiceKind.Daytime => TimeTexts.Daytime(now, zone),
            _ => TimeTexts.Time(now),
        };
    }

    /// <summary>One line of chargen: each begins one character later than the last.</summary>
    public static void WriteLine(Span<byte> line, int number)
    {
        for (int i = 0; i < LineLength - 2; i++)
        {
            line[i] = (byte)(FirstCharacter + ((number + i) % Characters));
        }

        line[LineLength - 2] = (byte)'\r';
        line[LineLength - 1] = (byte)'\n';
    }

    /// <summary>Several lines, as many as fit.</summary>
    /// <returns>How many bytes.</returns>
    public static int WriteLines(Span<byte> buffer, ref int number)
    {
        int written = 0;
        for (; buffer.Length - written >= LineLength; written += LineLength)
        {
            WriteLine(buffer[written..], number);
            number = (number + 1) % Characters;
        }

        return written;
    }
}
