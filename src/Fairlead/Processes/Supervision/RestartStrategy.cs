namespace Fairlead.Processes;

/// <summary>Which children a supervisor restarts together with one that has failed.</summary>
public enum RestartStrategy
{
    /// <summary>Only the failed child. For children that do not need each other.</summary>
    OneForOne,

    /// <summary>All children. For children that all need each other.</summary>
    OneForAll,

    /// <summary>The failed child and those after it. For children that need earlier ones.</summary>
    RestForOne,
}
