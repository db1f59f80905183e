using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>One live endpoint of this user, as its registry entry showed it at the moment of reading.</summary>
public sealed record EndpointInfo
{
    /// <summary>Where it is bound, or connected to. Cut when it is longer than 1,792 bytes.</summary>
    public required string Address { get; init; }

    /// <summary>The pattern, in lower case: <c>receiver</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether it listens; else it has connected, or it closes and listens no more.</summary>
    public required bool IsBound { get; init; }

    /// <summary>The process, in its own pid namespace.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The command line of the process, the program shortened to its file name.</summary>
    public required string Program { get; init; }

    /// <summary>Since when it is there.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Messages sent by its user.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Messages received.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>Bytes of the messages sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>Bytes of the messages received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Messages received that wait for its user.</summary>
    public long QueueDepth { get; init; }

    /// <summary>Messages thrown away by the policy that its user chose.</summary>
    public long Dropped { get; init; }

    /// <summary>Messages that it was too slow for.</summary>
    public long Missed { get; init; }

    /// <summary>Peers connected to it now.</summary>
    public long Clients { get; init; }

    /// <summary>Whether the address was too long for the entry.</summary>
    internal bool IsAddressCut { get; init; }

    /// <summary>The socket file that it holds, or none.</summary>
    internal FileIdentity Socket { get; init; }

    /// <summary>The process as a peer.</summary>
    internal Holder Holder => new(new Peer { ProcessId = ProcessId, Program = Program.Length == 0 ? null : Program }, Since);
}
