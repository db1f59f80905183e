namespace Fairlead;

/// <summary>The overflow policy: the treatment of a message when its peer's queue is full.</summary>
/// <remarks>
/// The queue is full when the peer has not read enough, and its own end holds as many messages
/// (<see cref="EndpointOptions.MaxUnreadMessages"/>) or bytes (<see cref="EndpointOptions.MaxUnreadBytes"/>) as it may.
/// </remarks>
public enum OverflowPolicy
{
    /// <summary>The sender waits for capacity: nothing is dropped, and a slow receiver slows its sender down.</summary>
    Wait,

    /// <summary>Drops the message that has waited longest. Never drops messages that have left this end, even in part.</summary>
    DropOldest,

    /// <summary>Drops the message that is being sent.</summary>
    DropNewest,

    /// <summary>Fails immediately with <see cref="ErrorCode.Full"/> instead of waiting. Nothing is queued at this end.</summary>
    Fail,

    /// <summary>Keeps only the latest waiting message of each topic. For publish-subscribe only.</summary>
    /// <remarks>It takes the place of the previous one. If the queue is still too long, the oldest message is dropped.</remarks>
    Latest,
}

internal static class OverflowPolicyFacts
{
    /// <summary>Returns whether messages wait at the sending end without a caller, where they may be dropped.</summary>
    public static bool Drops(this OverflowPolicy policy) =>
        policy is OverflowPolicy.DropOldest or OverflowPolicy.DropNewest or OverflowPolicy.Latest;

    /// <summary>Returns the spelling in an address.</summary>
    public static string Written(this OverflowPolicy policy) => policy switch
    {
        OverflowPolicy.DropOldest => "drop-oldest",
        OverflowPolicy.DropNewest => "drop-newest",
        OverflowPolicy.Fail => "fail",
        OverflowPolicy.Latest => "latest",
        _ => "wait",
    };
}
