using System.Text.Json.Serialization;
using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Cli.Output;

/// <summary>A live endpoint as a line of JSON, and the source of the table's cells.</summary>
internal sealed record EndpointLine
{
    public required string Endpoint { get; init; }

    public required string Kind { get; init; }

    public required bool Bound { get; init; }

    /// <summary>The process; missing in another pid namespace, where the number means another process.</summary>
    public required int? Pid { get; init; }

    /// <summary>The process that created it and has ended, if a fork of it keeps the endpoint; missing otherwise.</summary>
    public int? ForkOf { get; init; }

    /// <summary>The server of which the process is a child that serves one client; missing if it is not.</summary>
    public int? ParentPid { get; init; }

    /// <summary>The complete command line.</summary>
    public required string Program { get; init; }

    public required long Clients { get; init; }

    /// <summary>Sent and received messages together: most kinds only send or receive.</summary>
    public required long Messages { get; init; }

    public required long MessagesSent { get; init; }

    public required long MessagesReceived { get; init; }

    public required long BytesSent { get; init; }

    public required long BytesReceived { get; init; }

    /// <summary>Messages that wait for the endpoint's user.</summary>
    public required long Queued { get; init; }

    /// <summary>Messages that this end dropped because it was full.</summary>
    public required long Dropped { get; init; }

    /// <summary>Messages that other ends dropped because this one was too slow.</summary>
    public required long Missed { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>The text that its user gave it; missing without one.</summary>
    public string? Label { get; init; }

    /// <summary>True while its broker takes nothing from it; missing otherwise.</summary>
    public bool? Blocked { get; init; }

    /// <summary>True while its process is stopped; missing otherwise.</summary>
    public bool? Stopped { get; init; }

    /// <summary>True while it seeks its lost peer or broker; missing otherwise.</summary>
    public bool? Reconnecting { get; init; }

    /// <summary>The name of the program; one that runs under <c>dotnet</c> is named after its assembly.</summary>
    [JsonIgnore]
    public string ProgramName => NameOf(Program);

    /// <summary>The name of a program out of its command line.</summary>
    public static string NameOf(string program)
    {
        var name = program.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return name.EndsWith(".dll", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(name) : name;
    }

    public static EndpointLine Of(EndpointInfo endpoint) => new()
    {
        Endpoint = endpoint.Address,
        Kind = endpoint.Kind,
        Bound = endpoint.IsBound,
        Pid = endpoint.IsInOtherNamespace || endpoint.ProcessId == endpoint.ForkOf ? null : endpoint.ProcessId,
        ForkOf = endpoint.ForkOf,
        ParentPid = endpoint.IsInOtherNamespace ? null : endpoint.ParentProcessId,
        Program = endpoint.Program,
        Clients = endpoint.Clients,
        Messages = endpoint.MessagesSent + endpoint.MessagesReceived,
        MessagesSent = endpoint.MessagesSent,
        MessagesReceived = endpoint.MessagesReceived,
        BytesSent = endpoint.BytesSent,
        BytesReceived = endpoint.BytesReceived,
        Queued = endpoint.QueueDepth,
        Dropped = endpoint.Dropped,
        Missed = endpoint.Missed,
        Since = endpoint.Since,
        Label = endpoint.Label.Length > 0 ? endpoint.Label : null,
        Blocked = endpoint.IsBlocked ? true : null,
        Stopped = endpoint.IsStopped ? true : null,
        Reconnecting = endpoint.IsReconnecting ? true : null,
    };
}
