using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>What a connection has that carries open files.</summary>
internal abstract class HandlePassing
{
    /// <summary>
    /// The file goes with the message that is committed next, while no long one is under way. Takes the file over. Under the link's send
    /// lock; does not block.
    /// </summary>
    public abstract void Attach(Descriptor file);
}
