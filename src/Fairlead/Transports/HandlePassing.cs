using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>The part of a connection that carries open files.</summary>
internal abstract class HandlePassing
{
    /// <summary>Sends the file with the next committed message, while no long message is being written. Takes over the file.</summary>
    /// <remarks>Under the link's send lock; does not block.</remarks>
    public abstract void Attach(Descriptor file);
}
