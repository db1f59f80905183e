namespace Fairlead.Logs;

/// <summary>
/// Whose unread records are kept although <see cref="LogOptions.MaxSize"/> or <see cref="LogOptions.MaxAge"/> would have them removed.
/// </summary>
public enum LogProtection
{
    /// <summary>Those of named positions under which somebody follows now.</summary>
    LivingPositions,

    /// <summary>
    /// Those of every named position. One that nobody uses any more keeps the log growing until it is removed
    /// (<see cref="MappedLog.RemovePosition"/>).
    /// </summary>
    AllPositions,

    /// <summary>Nobody's: who is too slow is told how many records it has missed.</summary>
    None,
}
