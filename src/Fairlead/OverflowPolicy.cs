namespace Fairlead;

/// <summary>
/// What a sending end does with a message for which its peer has no room. A full queue is one whose peer has not read enough, and whose own
/// end holds as many messages (<see cref="EndpointOptions.MaxUnreadMessages"/>) or bytes (<see cref="EndpointOptions.MaxUnreadBytes"/>) as
/// it may.
/// </summary>
public enum OverflowPolicy
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

internal static class OverflowPolicyFacts
{
    /// <summary>Whether messages wait at their own end, without a caller, and may be dropped there.</summary>
    public static bool Drops(this OverflowPolicy policy) =>
        policy is OverflowPolicy.DropOldest or OverflowPolicy.DropNewest or OverflowPolicy.Latest;

    /// <summary>As it is written in an address.</summary>
    public static string Written(this OverflowPolicy policy) => policy switch
    {
        OverflowPolicy.DropOldest => "drop-oldest",
        OverflowPolicy.DropNewest => "drop-newest",
        OverflowPolicy.Fail => "fail",
        OverflowPolicy.Latest => "latest",
        _ => "wait",
    };
}
