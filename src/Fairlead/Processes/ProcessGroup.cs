namespace Fairlead.Processes;

/// <summary>The process group of a child: signals of the terminal, and <c>kill -PGID</c>, reach a whole group.</summary>
public readonly record struct ProcessGroup
{
    private ProcessGroup(int? id, bool isSession)
    {
        Id = id;
        IsSession = isSession;
    }

    /// <summary>The group of the starting process. The default.</summary>
    public static ProcessGroup Inherited => default;

    /// <summary>A new group, whose number is the child's process ID.</summary>
    public static ProcessGroup New => new(0, false);

    /// <summary>A new group in a new session without a terminal: no terminal event reaches it.</summary>
    public static ProcessGroup NewSession => new(null, true);

    /// <summary>The number of the group to join; 0: a new one; null: do not join.</summary>
    internal int? Id { get; }

    internal bool IsSession { get; }

    /// <summary>An existing group of this session: that of an earlier child.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static ProcessGroup Join(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return new ProcessGroup(id, false);
    }
}
