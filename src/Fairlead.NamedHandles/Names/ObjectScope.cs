namespace Fairlead.NamedHandles.Names;

/// <summary>Which processes share the names of named objects.</summary>
internal enum ObjectScope
{
    /// <summary>Those of the user: a name without a prefix, or with <c>Local\</c>.</summary>
    User,

    /// <summary>All of the machine: a name with <c>Global\</c>.</summary>
    Machine,
}
