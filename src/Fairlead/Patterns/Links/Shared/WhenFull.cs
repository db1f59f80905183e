namespace Fairlead.Patterns.Links.Shared;

/// <summary>What becomes of a message that cannot be sent immediately.</summary>
internal enum WhenFull : byte
{
    /// <summary>Its caller keeps it.</summary>
    Refuse,

    /// <summary>A copy waits in the queue if there is capacity. Nothing is dropped for it.</summary>
    Queue,

    /// <summary>A copy waits in the queue, or a message is dropped, by the policy.</summary>
    Drop,
}
