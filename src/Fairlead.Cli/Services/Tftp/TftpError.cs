namespace Fairlead.Cli.Services.Tftp;

/// <summary>The error codes of RFC 1350 that a server for reading sends.</summary>
internal enum TftpError : ushort
{
    /// <summary>The text says it.</summary>
    Other = 0,

    /// <summary>The file does not exist.</summary>
    NotFound = 1,

    /// <summary>The client may not have the file, or wants to write.</summary>
    Access = 2,

    /// <summary>The packet does not belong here.</summary>
    Illegal = 4,

    /// <summary>A packet of another transfer.</summary>
    UnknownTransfer = 5,
}
