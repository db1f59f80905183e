using System.Runtime.InteropServices;

namespace Fairlead.Native.Memory;

/// <summary>
/// A mapped part of a file with words that the kernel marks when their owner dies. Private memory of the same length is mapped before it,
/// and holds the list entry of each word at a constant distance before the word. Each process thus has its own entries for shared words,
/// and no other process can write to a list that the kernel will walk.
/// <code>
///          0  entries, private      up to the length
///              nothing
///   Distance  the file, shared      up to the length
/// </code>
/// </summary>
/// <remarks>
/// Every user holds it by <see cref="SafeHandle.DangerousAddRef"/> or owns it. Do not release it while a word in it is on a list.
/// </remarks>
internal sealed unsafe class RobustMemory : SafeHandle
{
    /// <summary>The distance from an entry to its word; the same in all mappings, since a list has one. Longer than any mapping.</summary>
    public const int Distance = 128 * 1024;

    private readonly nuint _length;

    /// <param name="file">Open for reading and writing; may be closed afterwards.</param>
    /// <param name="offset">The offset of the part in the file, a multiple of the page size.</param>
    /// <param name="length">The length of the part, which is allocated.</param>
    public RobustMemory(Descriptor file, long offset, int length)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        Platform.Require();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Distance);
        _length = (nuint)(Distance + length);
        ObjectDisposedException.ThrowIf(!file.TryEnter(), file);
        Errno error = Errno.None;

        // Reserve the whole range first: nothing else may be mapped into it while its parts are mapped over it.
        nint start = Libc.Map(0, _length, Libc.PROT_NONE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (start == Libc.MAP_FAILED
            || Libc.Map(
                start,
                (nuint)length,
                Libc.PROT_READ | Libc.PROT_WRITE,
                Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_FIXED,
                -1,
                0) == Libc.MAP_FAILED
            || Libc.Map(
                start + Distance,
                (nuint)length,
                Libc.PROT_READ | Libc.PROT_WRITE,
                Libc.MAP_SHARED | Libc.MAP_FIXED,
                file.Number,
                offset) == Libc.MAP_FAILED)
        {
            error = Libc.LastError;
        }

        file.Exit();
        SetHandle(start);
        if (error != Errno.None)
        {
            Dispose();
            throw ErrnoMap.Failure($"cannot map {length} bytes", error);
        }
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>The first byte of the shared part.</summary>
    public byte* Shared => (byte*)handle + Distance;

    protected override bool ReleaseHandle() => Libc.Unmap(handle, _length) == 0;
}
