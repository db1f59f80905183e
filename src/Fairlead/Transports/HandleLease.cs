using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// The memory of a message that came with an open file, and the file itself, which is closed with it unless somebody has taken it.
/// </summary>
internal sealed class HandleLease(MemoryLease? memory, Descriptor file) : MemoryLease
{
    private Descriptor? _file = file;

    public bool HasFile => Volatile.Read(ref _file) is not null;

    /// <summary>The file, once: from then on it is the caller's to close.</summary>
    public Descriptor? Take() => Interlocked.Exchange(ref _file, null);

    public override void Release(long token)
    {
        memory?.Release(token);
        Take()?.Dispose();
    }
}
