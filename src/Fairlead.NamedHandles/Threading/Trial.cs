namespace Fairlead.NamedHandles.Threading;

/// <summary>What a try to take a named object has found.</summary>
internal enum Trial
{
    /// <summary>The object is taken.</summary>
    Taken,

    /// <summary>The mutex is taken, and its last owner ended without releasing it.</summary>
    Abandoned,

    /// <summary>It could not be had.</summary>
    NotSignalled,

    /// <summary>It has waiters, or had some: only who joins them learns whether it can be had.</summary>
    Contended,
}
