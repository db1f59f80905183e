using System.Globalization;
using System.Text.Json.Serialization;
using Fairlead.Rpc;

namespace Fairlead.Cli.Output;

/// <summary>A live instance of a service as a line of JSON, and what the table takes its cells from.</summary>
internal sealed record InstanceLine
{
    public required string Service { get; init; }

    public required string Contract { get; init; }

    /// <summary>The hash of the contract, 16 hexadecimal digits: equal for servers that are called alike.</summary>
    public required string Hash { get; init; }

    public required string[] Addresses { get; init; }

    public required int Pid { get; init; }

    /// <summary>The complete command line.</summary>
    public required string Program { get; init; }

    /// <summary>Missing where it is not known: for an instance that a matchmaker on the network has told.</summary>
    public long? Clients { get; init; }

    /// <summary>As <see cref="Clients"/>.</summary>
    public long? Calls { get; init; }

    /// <summary>The host of an instance that a matchmaker on the network has told; else missing.</summary>
    public string? Host { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>The text that the server gave its instance; missing without one.</summary>
    public string? Label { get; init; }

    [JsonIgnore]
    public string ProgramName => EndpointLine.NameOf(Program);

    public static InstanceLine Of(ServiceInstance instance) => new()
    {
        Service = instance.Name,
        Contract = instance.Contract,
        Hash = HashOf(instance.Hash),
        Addresses = [.. instance.Addresses.Select(static address => address.ToString())],
        Pid = instance.ProcessId,
        Program = instance.Program,
        Clients = instance.Host.Length > 0 ? null : instance.Clients,
        Calls = instance.Host.Length > 0 ? null : instance.Calls,
        Host = instance.Host.Length > 0 ? instance.Host : null,
        Since = instance.Since,
        Label = instance.Label.Length > 0 ? instance.Label : null,
    };

    public static string HashOf(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
}
