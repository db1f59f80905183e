using Fairlead.Synchronization;

namespace Fairlead.Cli.Output;

/// <summary>An owner or waiter of a lock, as a part of a line of JSON.</summary>
internal sealed record PartyLine
{
    public required int Pid { get; init; }

    /// <summary>Absent for an asynchronous caller.</summary>
    public int? Thread { get; init; }

    /// <summary>The complete command line; absent if the process has ended or is hidden.</summary>
    public string? Program { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>Absent unless the process is stopped.</summary>
    public bool? Stopped { get; init; }

    public static PartyLine Of(LockHolder party) => new()
    {
        Pid = party.Peer.ProcessId ?? 0,
        Thread = party.Thread,
        Program = party.Peer.Program,
        Since = party.Since,
        Stopped = party.IsStopped ? true : null,
    };
}
