using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// A file, or memory of no file, mapped and shared with whoever maps it too. Stays mapped after the descriptor is closed.
/// </summary>
/// <remarks>
/// The owner disposes when nobody uses the pointer any more, or users hold it by <see cref="SafeHandle.DangerousAddRef"/>: a touch
/// after that ends the process. So does touching pages that somebody has cut off the file, so map only what others cannot cut.
/// </remarks>
internal sealed unsafe class MappedFile : SafeHandle
{
    /// <summary>Maps the first <paramref name="length"/> bytes of <paramref name="file"/>.</summary>
    /// <param name="file">Open for reading, and for writing where <paramref name="writable"/>; may be closed afterwards.</param>
    /// <param name="length">In bytes, above zero.</param>
    /// <param name="writable">
    /// Also allocates the space beforehand, lengthening the file where it is shorter, so that a full disk is an exception here
    /// and not a dead process at the first touch. A read-only mapping takes the file as it is.
    /// </param>
    /// <param name="allocate">False: the space is there, or, as for a sealed memory file, need not be.</param>
    public MappedFile(Descriptor file, long length, bool writable = true, bool allocate = true)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        Platform.Require();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (writable && allocate)
        {
            var error = FileSpace.Allocate(file, length);
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure($"cannot allocate {length} bytes", error);
            }
        }

        ObjectDisposedException.ThrowIf(!file.TryEnter(), file);
        Map(length, writable ? Libc.PROT_READ | Libc.PROT_WRITE : Libc.PROT_READ, Libc.MAP_SHARED, file.Number, out var failure);
        file.Exit();
        ThrowUnlessMapped(failure);
    }

    private MappedFile(long length)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Map(length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED | Libc.MAP_ANONYMOUS, -1, out var failure);
        ThrowUnlessMapped(failure);
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>In bytes, as asked for.</summary>
    public nuint Length { get; private set; }

    /// <summary>The first byte, at the beginning of a page.</summary>
    public byte* Pointer => (byte*)handle;

    /// <summary>The whole of it; for mappings below 2 GiB.</summary>
    public Span<byte> Span => new(Pointer, checked((int)Length));

    /// <summary>Zeroed memory without a file, for what would be mapped if there were a place for it.</summary>
    public static MappedFile Anonymous(long length) => new(length);

    /// <summary>
    /// Makes pages present and writable before they are touched, many at a time, which is several times cheaper than a fault for each.
    /// Without effect before Linux 5.14. EFAULT: the file has been cut, and a touch would end the process.
    /// </summary>
    /// <param name="from">In bytes, at the beginning of a page.</param>
    /// <param name="length">In bytes.</param>
    public Errno PreparePages(nuint from, nuint length)
    {
        if (Libc.Advise(handle + (nint)from, length, Libc.MADV_POPULATE_WRITE) == 0)
        {
            return Errno.None;
        }

        var error = Libc.LastError;
        return error is Errno.EINVAL or Errno.EINTR or Errno.EAGAIN ? Errno.None : error;
    }

    protected override bool ReleaseHandle() => Libc.Unmap(handle, Length) == 0;

    private void Map(long length, int protection, int flags, int descriptor, out Errno error)
    {
        var start = Libc.Map(0, (nuint)length, protection, flags, descriptor, 0);
        error = start == Libc.MAP_FAILED ? Libc.LastError : Errno.None;
        Length = (nuint)length;
        SetHandle(start);
    }

    private void ThrowUnlessMapped(Errno error)
    {
        if (error != Errno.None)
        {
            SetHandleAsInvalid();
            throw ErrnoMap.Failure($"cannot map {Length} bytes", error);
        }
    }
}
