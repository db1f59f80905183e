namespace Fairlead.Cli.Services;

/// <summary>How a server deals with several clients.</summary>
internal enum ServeMode
{
    /// <summary>One after the other.</summary>
    Iterative,

    /// <summary>All at the same time, in one thread.</summary>
    Multiplexed,

    /// <summary>Each in a child process.</summary>
    Process,

    /// <summary>Each in a thread.</summary>
    Threads,
}
