namespace Fairlead.Cli.Output;

/// <summary>A host, and a service on it, as a line of JSON.</summary>
internal sealed record ResolveLine
{
    public required string Host { get; init; }

    /// <summary>The host's own name; missing where an address has none.</summary>
    public string? Canonical { get; init; }

    public required string[] Aliases { get; init; }

    public required string[] Addresses { get; init; }

    public required ServiceLine[] Services { get; init; }
}

/// <summary>A service, as <c>/etc/services</c> has it.</summary>
internal sealed record ServiceLine(string Name, int Port, string Protocol, string[] Aliases);
