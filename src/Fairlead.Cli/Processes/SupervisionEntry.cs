using System.Text.Json.Serialization;

namespace Fairlead.Cli.Processes;

/// <summary>A child in the file of <c>fairlead supervise</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SupervisionEntry
{
    public required string Name { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required string[] Command { get; init; }

    public string? Directory { get; init; }

    /// <summary>Variables to set; null removes one.</summary>
    public Dictionary<string, string?>? Environment { get; init; }

    public bool ClearEnvironment { get; init; }

    /// <summary>The file to which its output and errors are appended; null: those of the tool.</summary>
    public string? Output { get; init; }

    /// <summary><c>always</c>, <c>on-failure</c> or <c>never</c>.</summary>
    public string? Restart { get; init; }

    public int? RestartLimit { get; init; }

    public string? RestartPeriod { get; init; }

    public string? ShortestPause { get; init; }

    public string? LongestPause { get; init; }

    public string? ReadyAfter { get; init; }

    public string? Grace { get; init; }

    /// <summary>The most bytes of private memory.</summary>
    public long? Memory { get; init; }

    public string? ProcessorTime { get; init; }

    public int? OpenFiles { get; init; }
}

/// <summary>The file of <c>fairlead supervise</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SupervisionEntries
{
    /// <summary><c>one-for-one</c>, <c>one-for-all</c> or <c>rest-for-one</c>.</summary>
    public string? Strategy { get; init; }

    public required SupervisionEntry[] Children { get; init; }
}

/// <summary>Reads <see cref="SupervisionEntries"/>, with comments and trailing commas.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SupervisionEntries))]
internal sealed partial class SupervisionJson : JsonSerializerContext;
