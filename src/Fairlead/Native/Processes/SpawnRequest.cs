namespace Fairlead.Native.Processes;

/// <summary>The settings of a new process.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The file of the program, relative to the directory of this process, not of the child.</summary>
    public required string Path { get; init; }

    /// <summary>The arguments, with the program's name as the first.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The environment, as <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public string? Directory { get; init; }

    /// <summary>
    /// The descriptors for the child, and their numbers there. It inherits no other open files, except those that this process has itself
    /// inherited.
    /// </summary>
    public IReadOnlyList<(Descriptor Source, int Target)> Descriptors { get; init; } = [];

    /// <summary>The process group to join; 0: a new one; null: that of this process.</summary>
    public int? Group { get; init; }

    public bool NewSession { get; init; }

    /// <summary>The number, in the child, of the terminal whose foreground its group takes.</summary>
    public int? ForegroundOf { get; init; }

    /// <summary>The blocked signals: bit n - 1 for signal n. All others are unblocked, whatever the mask of the starting thread.</summary>
    public ulong BlockedSignals { get; init; }

    /// <summary>The signals with their default action although this process ignores them. Bit n - 1 for signal n.</summary>
    public ulong DefaultSignals { get; init; }
}
