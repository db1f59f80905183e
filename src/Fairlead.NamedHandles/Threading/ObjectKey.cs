using Fairlead.NamedHandles.Names;

namespace Fairlead.NamedHandles.Threading;

/// <summary>What identifies a named object on the machine.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct ObjectKey(ObjectKind Kind, ObjectName Name)
{
    /// <summary>Returns for instance <c>the mutex 'Global\job'</c>.</summary>
    public override string ToString() => $"the {Kind.ToString().ToLowerInvariant()} '{Name}'";
}
