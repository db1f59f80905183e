using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>The memory of a message with an open file, and the file, which is closed with it unless it was taken.</summary>
internal sealed class HandleLease(MemoryLease? memory, Descriptor file) : MemoryLease
{
    private Descriptor? _file = file;

    public bool HasFile => Volatile.Read(ref _file) is not null;

    /// <summary>Takes the file, once. The caller then closes it.</summary>
    public Descriptor? Take() => Interlocked.Exchange(ref _file, null);

    public override void Release(long token)
    {
        memory?.Release(token);
        Take()?.Dispose();
    }
}
