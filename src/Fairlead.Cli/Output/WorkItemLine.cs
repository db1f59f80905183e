using System.Text;

namespace Fairlead.Cli.Output;

/// <summary>An item of a work queue as a line of JSON, and the source of table cells.</summary>
internal sealed record WorkItemLine
{
    public required long Number { get; init; }

    /// <summary>waiting, delayed, at-worker or given-up.</summary>
    public required string State { get; init; }

    public int Priority { get; init; }

    public DateTimeOffset? Due { get; init; }

    public int Deliveries { get; init; }

    /// <summary>The length of the payload.</summary>
    public int Bytes { get; init; }

    /// <summary>The beginning of the payload as text.</summary>
    public required string Text { get; init; }

    /// <summary>Whether its sender waits until it is done.</summary>
    public bool WantsReceipt { get; init; }

    public string? Sender { get; init; }

    public string? Worker { get; init; }

    public string? Reason { get; init; }

    public static WorkItemLine Of(WorkQueueItem item) => new()
    {
        Number = item.Number,
        State = StateOf(item.State),
        Priority = item.Priority,
        Due = item.Due,
        Deliveries = item.Deliveries,
        Bytes = item.Length,
        Text = Encoding.UTF8.GetString(item.Beginning.Span),
        WantsReceipt = item.WantsReceipt,
        Sender = item.Sender?.ToString(),
        Worker = item.Worker?.ToString(),
        Reason = item.Reason,
    };

    public static string StateOf(WorkItemState state) => state switch
    {
        WorkItemState.Waiting => "waiting",
        WorkItemState.Delayed => "delayed",
        WorkItemState.AtWorker => "at-worker",
        WorkItemState.GivenUp => "given-up",
        _ => "unknown",
    };
}
