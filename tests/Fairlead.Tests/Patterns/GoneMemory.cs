using System.Buffers;

namespace Fairlead.Tests.Patterns;

/// <summary>Memory that its owner has released.</summary>
internal sealed class GoneMemory : MemoryManager<byte>
{
    public override Memory<byte> Memory => CreateMemory(8);

    public override Span<byte> GetSpan() => throw new ObjectDisposedException(nameof(GoneMemory));

    public override MemoryHandle Pin(int elementIndex = 0) => throw new ObjectDisposedException(nameof(GoneMemory));

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
