namespace Fairlead.Logs;

/// <summary>
/// When what has been appended is brought to the disk. Until then it survives the end of every process, but not a crash of the machine.
/// </summary>
public enum LogSync
{
    /// <summary>When the system sees fit, and when <see cref="MappedLog.Sync"/> is called.</summary>
    None,

    /// <summary>Before <see cref="MappedLog.Append"/> returns. Several that append at the same time share one write.</summary>
    EachRecord,

    /// <summary>Every <see cref="LogOptions.SyncInterval"/>.</summary>
    Interval,
}
