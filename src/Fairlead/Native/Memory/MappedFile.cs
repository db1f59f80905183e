using System.Runtime.InteropServices;
using Fairlead.Native.Files;

namespace Fairlead.Native.Memory;

/// <summary>
/// A mapped file, or anonymous memory, shared with all processes that map it. Stays mapped after the descriptor is closed.
/// </summary>
/// <remarks>
/// The owner disposes it when the pointer has no users left, or users hold it by <see cref="SafeHandle.DangerousAddRef"/>: a touch after
/// that ends the process. So does a touch of pages that another program has truncated: map only files that others cannot truncate.
/// </remarks>
internal sealed unsafe class MappedFile : SafeHandle
{
    /// <summary>Maps the first <paramref name="length"/> bytes of <paramref name="file"/>.</summary>
    /// <param name="file">Open for reading, and for writing if <paramref name="writable"/>; may be closed afterwards.</param>
    /// <param name="length">The length in bytes, above zero.</param>
    /// <param name="writable">
    /// True: also allocates the space first, and extends a shorter file; a full disk is thus an exception here and not a dead process at
    /// the first touch. A read-only mapping takes the file as it is.
    /// </param>
    /// <param name="allocate">False: the space is allocated, or need not be, as with a sealed memory file.</param>
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

    /// <summary>The length in bytes, as requested.</summary>
    public nuint Length { get; private set; }

    /// <summary>The first byte, at the start of a page.</summary>
    public byte* Pointer => (byte*)handle;

    /// <summary>The whole mapping; for mappings below 2 GiB.</summary>
    public Span<byte> Span => new(Pointer, checked((int)Length));

    /// <summary>Returns zeroed memory without a file, for use when no file can be created.</summary>
    public static MappedFile Anonymous(long length) => new(length);

    /// <summary>
    /// Makes pages present and writable before they are touched, many at a time. That is several times cheaper than a page fault for each.
    /// No effect before Linux 5.14. EFAULT: the file has been truncated, and a touch would end the process.
    /// </summary>
    /// <param name="from">The offset in bytes, at the start of a page.</param>
    /// <param name="length">The length in bytes.</param>
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
