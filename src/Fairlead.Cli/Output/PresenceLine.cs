using Fairlead.Diagnostics;

namespace Fairlead.Cli.Output;

/// <summary>An endpoint that has come or gone as a line of JSON.</summary>
internal sealed record PresenceLine
{
    /// <summary>came or left.</summary>
    public required string Change { get; init; }

    public required string Endpoint { get; init; }

    public required string Kind { get; init; }

    public required bool Bound { get; init; }

    /// <summary>The process; missing in another pid namespace, where the number means another process.</summary>
    public int? Pid { get; init; }

    public required string Program { get; init; }

    public static PresenceLine Of(string change, EndpointInfo endpoint)
    {
        var line = EndpointLine.Of(endpoint);
        return new()
        {
            Change = change,
            Endpoint = line.Endpoint,
            Kind = line.Kind,
            Bound = line.Bound,
            Pid = line.Pid,
            Program = line.Program,
        };
    }
}
