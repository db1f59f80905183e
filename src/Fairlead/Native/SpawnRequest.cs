namespace Fairlead.Native;

/// <summary>What a new process is to be.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The file of the program; relative to the directory of this process, whatever the child's is.</summary>
    public required string Path { get; init; }

    /// <summary>With the program's name as the first.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=value</c> each.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public string? Directory { get; init; }

    /// <summary>
    /// What it is given, and under which number; it has nothing else of what this process has open, but what that has inherited itself.
    /// </summary>
    public IReadOnlyList<(Descriptor Source, int Target)> Descriptors { get; init; } = [];

    /// <summary>The process group to join; 0: one of its own; null: this process's.</summary>
    public int? Group { get; init; }

    public bool NewSession { get; init; }

    /// <summary>The number, in the child, of a terminal whose foreground its group is to be.</summary>
    public int? ForegroundOf { get; init; }

    /// <summary>Bit n - 1 for signal n. Every other signal is open, whatever the mask of the thread that starts it.</summary>
    public ulong BlockedSignals { get; init; }

    /// <summary>Those that are not ignored though this process ignores them. Bit n - 1 for signal n.</summary>
    public ulong DefaultSignals { get; init; }
}
