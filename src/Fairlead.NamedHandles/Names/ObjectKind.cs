namespace Fairlead.NamedHandles.Names;

/// <summary>The kind of a named object. Objects of all kinds share their names: a name that one kind has is taken for the others.</summary>
internal enum ObjectKind
{
    Mutex,
    Semaphore,
    Event,
    Map,

    /// <summary>A map of a file that a program named: the object only says which file.</summary>
    MappedFile,
}
