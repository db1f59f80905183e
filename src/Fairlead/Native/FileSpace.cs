namespace Fairlead.Native;

/// <summary>Makes sure that a file's bytes exist on its disk before they are mapped.</summary>
internal static class FileSpace
{
    private const int ZeroesAtOnce = 4096;

    /// <summary>Allocates the first <paramref name="length"/> bytes, keeping what is there; longer files stay long.</summary>
    public static Errno Allocate(Descriptor file, long length)
    {
        if (!file.TryEnter())
        {
            return Errno.EBADF;
        }

        Errno error;
        do
        {
            error = Libc.Allocate(file.Number, 0, length);
        }
        while (error == Errno.EINTR);

        file.Exit();

        // glibc makes do by itself where the file system has no allocation (NFS, some FUSE); musl leaves that to us.
        return error == Errno.EOPNOTSUPP ? FillUp(file, length) : error;
    }

    /// <summary>How many bytes are free for this user where the file lies; null where that is not told.</summary>
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

    /// <summary>Lengthens the file by writing zeroes, which takes the space as well.</summary>
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
