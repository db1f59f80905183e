namespace Fairlead.Logs;

/// <summary>The positions whose unread records survive <see cref="LogOptions.MaxSize"/> or <see cref="LogOptions.MaxAge"/>.</summary>
public enum LogProtection
{
    /// <summary>The segments of named positions that a follower uses now.</summary>
    LivingPositions,

    /// <summary>The segments of every named position.</summary>
    /// <remarks>
    /// An unused position makes the log grow until it is removed (<see cref="MappedLog.RemovePosition"/>).
    /// </remarks>
    AllPositions,

    /// <summary>None: a follower that is too slow learns how many records it has missed.</summary>
    None,
}
