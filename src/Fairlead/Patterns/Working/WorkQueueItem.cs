namespace Fairlead;

/// <summary>An item of a <see cref="WorkQueue"/>, as it was when it was listed.</summary>
public sealed record WorkQueueItem
{
    /// <summary>Identifies the item as long as the queue is open.</summary>
    public required long Number { get; init; }

    /// <summary>Its place in the queue.</summary>
    public required WorkItemState State { get; init; }

    /// <summary>Its priority.</summary>
    public byte Priority { get; init; }

    /// <summary>When it enters the queue; null unless it is delayed. In whole milliseconds.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>How often it was handed to a worker.</summary>
    public int Deliveries { get; init; }

    /// <summary>The length of its payload in bytes.</summary>
    public int Length { get; init; }

    /// <summary>The first bytes of its payload, at most 256: a copy.</summary>
    public ReadOnlyMemory<byte> Beginning { get; init; }

    /// <summary>Whether its sender waits for a receipt (type 2).</summary>
    public bool WantsReceipt { get; init; }

    /// <summary>The process that sent it; null for an item that an earlier queue had stored.</summary>
    public Peer? Sender { get; init; }

    /// <summary>The worker that has it; null if none has.</summary>
    public Peer? Worker { get; init; }

    /// <summary>Why it was given up; null if it was not.</summary>
    public string? Reason { get; init; }
}
