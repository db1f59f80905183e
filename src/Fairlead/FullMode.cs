namespace Fairlead;

/// <summary>
/// What a sending end does with a message for which its peer has no room. A full queue is one whose peer has not read enough, and whose own
/// end holds as many messages (<see cref="EndpointOptions.Messages"/>) or bytes (<see cref="EndpointOptions.Capacity"/>) as it may.
/// </summary>
public enum FullMode
{
    /// <summary>The sender waits until there is room: nothing is dropped, and a slow receiver slows its sender down.</summary>
    Wait,

    /// <summary>The message that has waited longest makes room. What has left this end, or begun to, is never dropped.</summary>
    DropOldest,

    /// <summary>The message that is being sent is dropped.</summary>
    DropNewest,

    /// <summary>
    /// The send fails at once with <see cref="ErrorCode.Full"/> where it would have waited. Nothing is queued at this end.
    /// </summary>
    Fail,

    /// <summary>
    /// Publish-subscribe alone: of the messages that wait only the latest of each topic is kept, in the place of the one before it; where
    /// that is too much, the oldest is dropped.
    /// </summary>
    Latest,
}

internal static class FullModeFacts
{
    /// <summary>Whether messages wait at their own end, without a caller, and may be dropped there.</summary>
    public static bool Drops(this FullMode mode) => mode is FullMode.DropOldest or FullMode.DropNewest or FullMode.Latest;

    /// <summary>As it is written in an address.</summary>
    public static string Written(this FullMode mode) => mode switch
    {
        FullMode.DropOldest => "drop-oldest",
        FullMode.DropNewest => "drop-newest",
        FullMode.Fail => "fail",
        FullMode.Latest => "latest",
        _ => "wait",
    };
}
