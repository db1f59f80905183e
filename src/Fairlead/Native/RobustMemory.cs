using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// A piece of a file that holds words which the kernel marks when their owner dies, mapped behind private memory of the same length: the
/// entry of each word in its keeper's list lies there, a constant distance before the word. So each process has entries of its own for
/// words that many share, and nobody else can write into a list that the kernel will walk.
/// <code>
///          0  entries, private      up to the length
///              nothing
///   Distance  the file, shared      up to the length
/// </code>
/// </summary>
/// <remarks>
/// Whoever touches it holds it by <see cref="SafeHandle.DangerousAddRef"/> or owns it. Not to be let go of while a word in it stands on a
/// list.
/// </remarks>
internal sealed unsafe class RobustMemory : SafeHandle
{
    /// <summary>From an entry to its word; the same in all mappings, since a list has one. Longer than any of them.</summary>
    public const int Distance = 128 * 1024;

    private readonly nuint _length;

    /// <param name="file">Open for reading and writing; may be closed afterwards.</param>
    /// <param name="offset">Where the piece begins in the file: at a page.</param>
    /// <param name="length">Of the piece, allocated.</param>
    public RobustMemory(Descriptor file, long offset, int length)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        Platform.Require();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Distance);
        _length = (nuint)(Distance + length);
        ObjectDisposedException.ThrowIf(!file.TryEnter(), file);
        Errno error = Errno.None;

        // The place first, whole: nothing else may come to lie in it while its parts are laid over it.
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

    /// <summary>The first byte of the shared piece.</summary>
    public byte* Shared => (byte*)handle + Distance;

    protected override bool ReleaseHandle() => Libc.Unmap(handle, _length) == 0;
}
