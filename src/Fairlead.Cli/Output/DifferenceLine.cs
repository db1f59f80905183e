namespace Fairlead.Cli.Output;

/// <summary>A member in which two contracts differ, as a line of JSON, and what the table takes its cells from.</summary>
internal sealed record DifferenceLine
{
    public required string Member { get; init; }

    /// <summary>added, removed, changed (on the wire), or redeclared (only for people).</summary>
    public required string Change { get; init; }

    /// <summary>Whether clients of the old contract are refused by a server with the new one.</summary>
    public required bool BreaksOldClients { get; init; }

    /// <summary>Whether clients of the new contract are refused by a server with the old one.</summary>
    public required bool BreaksNewClients { get; init; }

    /// <summary>The old declaration; missing if there was none.</summary>
    public string? Old { get; init; }

    /// <summary>The new declaration; missing if there is none.</summary>
    public string? New { get; init; }
}
