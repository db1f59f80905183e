using System.Globalization;
using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>A snapshot of a live endpoint of this user, from its registry entry.</summary>
public sealed record EndpointInfo
{
    /// <summary>The address that it is bound or connected to, truncated after 1,792 bytes.</summary>
    public required string Address { get; init; }

    /// <summary>The pattern, in lower case: <c>receiver</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether it listens; otherwise it has connected, or is closing and no longer listens.</summary>
    public required bool IsBound { get; init; }

    /// <summary>The process ID, in the process's own pid namespace: see <see cref="IsInOtherNamespace"/>.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Whether its process is in another pid namespace. Its number would mean another process here.</summary>
    public bool IsInOtherNamespace { get; init; }

    /// <summary>
    /// The process that created it and has ended, if a fork of that process keeps it; otherwise null. <see cref="ProcessId"/> is then that
    /// of the fork, or the same number if the fork is not visible.
    /// </summary>
    public int? ForkOf { get; init; }

    /// <summary>
    /// The process that published the endpoint for its child, as <see cref="SocketListener.Register"/> does. Null if the process itself
    /// published it.
    /// </summary>
    public int? ParentProcessId { get; init; }

    /// <summary>The command line of the process, with the program shortened to its file name.</summary>
    public required string Program { get; init; }

    /// <summary>The text that its user gave it, <see cref="EndpointOptions.Label"/>; empty without one.</summary>
    public string Label { get; init; } = "";

    /// <summary>The time of its creation.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The number of messages that its user sent.</summary>
    public long MessagesSent { get; init; }

    /// <summary>The number of messages received.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>The number of bytes in the messages sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>The number of bytes in the messages received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>The number of received messages that wait for its user.</summary>
    public long QueueDepth { get; init; }

    /// <summary>The number of messages dropped by the policy of its user.</summary>
    public long Dropped { get; init; }

    /// <summary>The number of messages that it was too slow for.</summary>
    public long Missed { get; init; }

    /// <summary>The number of connected peers.</summary>
    public long Clients { get; init; }

    /// <summary>
    /// How many of <see cref="MessagesReceived"/> its user has counted as those of a protocol, and not as work:
    /// <see cref="MessagingEndpoint.CountControl"/>.
    /// </summary>
    public long ControlMessages { get; init; }

    /// <summary>Whether its broker or its store takes nothing from it now: <see cref="EndpointState.Blocked"/>.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Whether its process is stopped now (SIGSTOP, Ctrl-Z, a debugger). False if it is in another pid namespace.</summary>
    public bool IsStopped { get; init; }

    /// <summary>Whether it seeks its lost peer, or the broker that it has lost: <see cref="EndpointState.Reconnecting"/>.</summary>
    public bool IsReconnecting { get; init; }

    /// <summary>Whether the address was too long for the entry.</summary>
    internal bool IsAddressCut { get; init; }

    /// <summary>The socket file that it holds, or none.</summary>
    internal FileIdentity Socket { get; init; }

    /// <summary>The process as a peer.</summary>
    internal Holder Holder =>
        new(
            new Peer
            {
                ProcessId = IsInOtherNamespace || ProcessId == ForkOf ? null : ProcessId,
                Program = Program.Length == 0 ? null : Program,
            },
            Since)
        {
            Remark = IsInOtherNamespace ? " in another pid namespace"
                : ForkOf is { } ended ? string.Create(
                    CultureInfo.InvariantCulture, $", which keeps the open files of pid {ended} that has ended")
                : "",
        };
}
