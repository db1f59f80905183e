using System.Buffers;
using System.Runtime.InteropServices;

namespace Fairlead.Native.Memory;

/// <summary>
/// A memory file mapped for a ring: one control page, then the data twice in a row. A record that begins before the end of the ring
/// continues after it, and no record is ever split.
/// </summary>
/// <remarks>
/// Every user holds it by <see cref="SafeHandle.DangerousAddRef"/> or owns it; it is unmapped when the last of them has released it.
/// </remarks>
internal sealed unsafe class RingMemory : SafeHandle
{
    private readonly nuint _length;

    /// <param name="file">Open for reading and, unless this side only reads, writing; may be closed afterwards.</param>
    /// <param name="capacity">The size of the data in bytes: a power of two, whole pages.</param>
    /// <param name="isReadOnly">Whether this side only reads; then the file need not be open for writing.</param>
    public RingMemory(Descriptor file, long capacity, bool isReadOnly = false)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        Platform.Require();
        Capacity = capacity;
        nint control = ControlSize;
        _length = (nuint)(control + (2 * capacity));
        int protection = isReadOnly ? Libc.PROT_READ : Libc.PROT_READ | Libc.PROT_WRITE;
        ObjectDisposedException.ThrowIf(!file.TryEnter(), file);
        Errno error = Errno.None;

        // Reserve the whole range first: nothing else may be mapped into it while its parts are mapped over it.
        nint start = Libc.Map(0, _length, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (start == Libc.MAP_FAILED
            || Libc.Map(start, (nuint)(control + capacity), protection, Libc.MAP_SHARED | Libc.MAP_FIXED, file.Number, 0) == Libc.MAP_FAILED
            || Libc.Map(
                (nint)(start + control + capacity),
                (nuint)capacity,
                protection,
                Libc.MAP_SHARED | Libc.MAP_FIXED,
                file.Number,
                control) == Libc.MAP_FAILED)
        {
            error = Libc.LastError;
        }

        file.Exit();
        SetHandle(start);
        if (error != Errno.None)
        {
            Dispose();
            throw ErrnoMap.Failure($"cannot map a ring of {capacity} bytes", error);
        }

        Writable = new Manager(this).Memory;
    }

    /// <summary>The size of the control page in bytes: one page of this machine.</summary>
    public static int ControlSize => Environment.SystemPageSize;

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>The size of the data in bytes.</summary>
    public long Capacity { get; }

    /// <summary>The control page.</summary>
    public byte* Control => (byte*)handle;

    /// <summary>The first of the two images of the data.</summary>
    public byte* Data => (byte*)handle + ControlSize;

    /// <summary>The first 2 GiB of both images of the data, for leases: a held lease keeps the memory.</summary>
    public ReadOnlyMemory<byte> Whole => Writable;

    /// <summary>Same, for loans.</summary>
    public Memory<byte> Writable { get; }

    protected override bool ReleaseHandle() => Libc.Unmap(handle, _length) == 0;

    private sealed class Manager(RingMemory memory) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(memory.Data, (int)Math.Min(int.MaxValue, 2 * memory.Capacity));

        public override MemoryHandle Pin(int elementIndex = 0) => new(memory.Data + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
