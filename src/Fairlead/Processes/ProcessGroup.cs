namespace Fairlead.Processes;

/// <summary>The process group of a child: signals of the terminal, and <c>kill -PGID</c>, reach a whole group.</summary>
public readonly record struct ProcessGroup
{
    private ProcessGroup(int? id, bool isSession)
    {
        Id = id;
        IsSession = isSession;
    }

    /// <summary>That of the process that starts it. The default.</summary>
    public static ProcessGroup Inherited => default;

    /// <summary>One of its own, whose number is the child's process id.</summary>
    public static ProcessGroup New => new(0, false);

    /// <summary>One of its own in a session of its own, without a terminal: nothing that happens to the terminal reaches it.</summary>
    public static ProcessGroup NewSession => new(null, true);

    /// <summary>The number to join; 0: a new one; null: none is joined.</summary>
    internal int? Id { get; }

    internal bool IsSession { get; }

    /// <summary>One that exists, in this session: that of an earlier child.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static ProcessGroup Join(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        return new ProcessGroup(id, false);
    }
}
