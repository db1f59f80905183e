namespace Fairlead.Logs;

/// <summary>
/// When appended records are written to disk. Until then they survive the end of every process, but not a crash of the machine.
/// </summary>
public enum LogSync
{
    /// <summary>When the system chooses, and when <see cref="MappedLog.Sync"/> is called.</summary>
    None,

    /// <summary>Before <see cref="MappedLog.Append"/> returns. Concurrent appenders share one write.</summary>
    EachRecord,

    /// <summary>Every <see cref="LogOptions.SyncInterval"/>.</summary>
    Interval,
}
