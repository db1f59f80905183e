using System.Buffers;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Lends a blocking caller's pinned memory to the thread that writes it.</summary>
/// <remarks>The pointer stays valid, because the caller does not return before the loan has ended.</remarks>
internal sealed unsafe class BorrowedMemory : MemoryManager<byte>
{
    [ThreadStatic]
    private static BorrowedMemory? _free;

    private byte* _start;
    private int _length;

    public static BorrowedMemory Rent(byte* start, int length)
    {
        BorrowedMemory memory = _free ?? new BorrowedMemory();
        _free = null;
        memory.Lease(start, length);
        return memory;
    }

    public void Lease(byte* start, int length)
    {
        _start = start;
        _length = length;
    }

    public void GiveBack()
    {
        _start = null;
        _length = 0;
        _free = this;
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    public override Memory<byte> Memory => CreateMemory(_length);

    protected override void Dispose(bool disposing)
    {
    }
}
