namespace Fairlead.Native.Files;

/// <summary>Ensures that the bytes of a file are allocated on disk before they are mapped.</summary>
internal static class FileSpace
{
    private const int ZeroesAtOnce = 4096;

    /// <summary>Allocates the first <paramref name="length"/> bytes, and keeps their content; longer files stay long.</summary>
    public static Errno Allocate(Descriptor file, long length)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        FileSizeSignal signal = FileSizeSignal.HoldBack();
        Errno error;
        do
        {
            error = Libc.Allocate(file.Number, 0, length);
        }
        while (error == Errno.EINTR);

        signal.Release(error);
        file.Exit();

        // glibc falls back by itself if the file system cannot allocate (NFS, some FUSE); musl does not.
        return error == Errno.EOPNOTSUPP ? FillUp(file, length) : error;
    }

    /// <summary>Returns the free space for this user on the file system in bytes; null if unknown.</summary>
    public static unsafe long? Free(Descriptor file)
    {
        if (!file.TryEnter())
        {
            return null;
        }

        Libc.Room room;
        long? free = Libc.RoomStatus(file.Number, &room) == 0 ? (long)(room.FreeForUsers * room.FragmentSize) : null;
        file.Exit();
        return free;
    }

    /// <summary>Extends the file by writing zeroes, which also allocates the space.</summary>
    internal static Errno FillUp(Descriptor file, long length)
    {
        if (NativeFile.Fstat(file) is not { } status)
        {
            return Errno.EBADF;
        }

        ReadOnlySpan<byte> zeroes = stackalloc byte[ZeroesAtOnce];
        var position = status.Size;
        while (position < length)
        {
            var written = file.WriteAt(zeroes[..(int)Math.Min(ZeroesAtOnce, length - position)], position);
            if (!written.Ok)
            {
                return written.Error;
            }

            position += written.Count;
        }

        return Errno.None;
    }
}
