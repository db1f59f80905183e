using Fairlead.Synchronization;

namespace Fairlead.Cli.Output;

/// <summary>Who holds a lock or waits for it, as a part of a line of JSON.</summary>
internal sealed record PartyLine
{
    public required int Pid { get; init; }

    /// <summary>Not there for an asynchronous caller.</summary>
    public int? Thread { get; init; }

    /// <summary>The whole command line; not there where the process has ended, or is not to be seen.</summary>
    public string? Program { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>Not there where the process is not stopped.</summary>
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
