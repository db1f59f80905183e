namespace Fairlead.Native.Files;

/// <summary>Anonymous pipes, and the flags of descriptors.</summary>
internal static unsafe class NativePipe
{
    /// <summary>
    /// Creates a pipe and returns its ends, closed on exec; the caller owns both. They block: call <see cref="SetNonBlocking"/> for the end
    /// that stays here.
    /// </summary>
    public static (Descriptor Reader, Descriptor Writer) Create()
    {
        int* numbers = stackalloc int[2];
        if (Libc.Pipe(numbers, Libc.O_CLOEXEC) < 0)
        {
            throw ErrnoMap.Failure("cannot create a pipe", Libc.LastError);
        }

        return (new Descriptor(numbers[0]), new Descriptor(numbers[1]));
    }

    /// <summary>Makes reads and writes non-blocking, for all users of the same open file and not only for this number.</summary>
    public static Errno SetNonBlocking(Descriptor descriptor, bool isSet = true)
    {
        if (!descriptor.TryEnter())
        {
            return Errno.EBADF;
        }

        int flags = Libc.Control(descriptor.Number, Libc.F_GETFL, 0);
        int wanted = isSet ? flags | Libc.O_NONBLOCK : flags & ~Libc.O_NONBLOCK;
        Errno error =
            flags < 0 || (flags != wanted && Libc.Control(descriptor.Number, Libc.F_SETFL, wanted) < 0) ? Libc.LastError : Errno.None;
        descriptor.Exit();
        return error;
    }

    public static bool CanRead(Descriptor pipe) => AccessOf(pipe) is Libc.O_RDONLY or Libc.O_RDWR;

    public static bool CanWrite(Descriptor pipe) => AccessOf(pipe) is Libc.O_WRONLY or Libc.O_RDWR;

    /// <summary>
    /// Returns whether a number is open and closed on exec: then this process has opened it itself. Null if it is not open.
    /// </summary>
    public static bool? IsClosedOnExec(int number)
    {
        int flags = Libc.Control(number, Libc.F_GETFD, 0);
        return flags < 0 ? null : (flags & Libc.FD_CLOEXEC) != 0;
    }

    /// <summary>Keeps the descriptor from children of this process.</summary>
    public static Errno SetClosedOnExec(int number) =>
        Libc.Control(number, Libc.F_SETFD, Libc.FD_CLOEXEC) < 0 ? Libc.LastError : Errno.None;

    private static int AccessOf(Descriptor pipe)
    {
        if (!pipe.TryEnter())
        {
            return -1;
        }

        int flags = Libc.Control(pipe.Number, Libc.F_GETFL, 0);
        pipe.Exit();
        return flags < 0 ? flags : flags & 3;
    }
}
