namespace Fairlead.NamedHandles.Threading;

/// <summary>A wait handle of this package.</summary>
internal interface INamedHandle
{
    /// <summary>The reference to the named object; null: the handle has no name, and is the platform's own in all but its type.</summary>
    ObjectReference? Reference { get; }
}
