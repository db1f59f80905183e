using System.Globalization;
using System.Runtime.InteropServices;

namespace Fairlead.Native.Memory;

/// <summary>An attached System V segment. It does not disappear with its last user, but only when a process removes it.</summary>
internal sealed unsafe class SystemVSegment : SafeHandle
{
    /// <summary>Attaches the segment (<c>shmat</c>); disposing detaches it (<c>shmdt</c>).</summary>
    /// <param name="id">The kernel's number of the segment.</param>
    /// <param name="writable">Whether the memory may be written.</param>
    public SystemVSegment(int id, bool writable = true)
        : base(invalidHandleValue: Libc.MAP_FAILED, ownsHandle: true)
    {
        nint start = Libc.SegmentAttach(id, 0, writable ? 0 : Libc.SHM_RDONLY);
        if (start == Libc.MAP_FAILED)
        {
            Errno error = Libc.LastError;
            SetHandleAsInvalid();
            string what = string.Create(CultureInfo.InvariantCulture, $"cannot attach the System V segment {id}");
            throw error == Errno.EACCES && writable
                ? new FairleadException(
                    ErrorCode.PermissionDenied,
                    $"{what} for writing ({ErrnoMap.Describe(error)})",
                    "ReadOnlyRegion.OpenSystemV attaches one that this user may only read; ipcs -m shows owner and mode.")
                {
                    Errno = (int)error,
                }
                : ErrnoMap.Failure(what, error);
        }

        SetHandle(start);
    }

    public override bool IsInvalid => handle == Libc.MAP_FAILED;

    /// <summary>The first byte, at the start of a page.</summary>
    public byte* Pointer => (byte*)handle;

    /// <summary>
    /// Finds the segment with this key and at least this size. Null on failure; ENOENT: it does not exist, EINVAL: it is smaller.
    /// </summary>
    public static int? Find(int key, long size, out Errno error) => Get(key, size, 0, out error);

    /// <summary>Creates a segment, zeroed. Null on failure; EEXIST: the key is taken.</summary>
    public static int? Make(int key, long size, uint mode, out Errno error) =>
        Get(key, size, Libc.IPC_CREAT | Libc.IPC_EXCL | (int)mode, out error);

    /// <summary>Removes the key; the memory disappears with its last user.</summary>
    public static Errno Remove(int id) => Libc.SegmentControl(id, Libc.IPC_RMID, 0) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Returns the size in bytes at its creation; null if <c>/proc</c> does not show it.</summary>
    public static long? SizeOf(int id) =>
        SystemVStatus.ReadAll()?.Find(status => status.Id == id) is { Size: > 0 } found ? found.Size : null;

    protected override bool ReleaseHandle() => Libc.SegmentDetach(handle) == 0;

    private static int? Get(int key, long size, int flags, out Errno error)
    {
        int id = Libc.SegmentGet(key, (nuint)size, flags);
        error = id < 0 ? Libc.LastError : Errno.None;
        return id < 0 ? null : id;
    }
}
