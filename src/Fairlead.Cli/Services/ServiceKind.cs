namespace Fairlead.Cli.Services;

/// <summary>The small services.</summary>
internal enum ServiceKind
{
    /// <summary>RFC 862: a client gets its own bytes back.</summary>
    Echo,

    /// <summary>RFC 863: a client gets nothing.</summary>
    Discard,

    /// <summary>RFC 864: characters without end.</summary>
    Chargen,

    /// <summary>Date and time of day, and a NUL.</summary>
    Date,

    /// <summary>RFC 867: the same as a line of text.</summary>
    Daytime,

    /// <summary>RFC 868: the seconds since 1900, in four bytes.</summary>
    Time,
}
