using System.Runtime.InteropServices;

namespace Fairlead.Native;

// epoll, poll and eventfd.
internal static unsafe partial class Libc
{
    public const int EPOLL_CLOEXEC = O_CLOEXEC;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;

    public const int EFD_CLOEXEC = O_CLOEXEC;
    public const int EFD_NONBLOCK = O_NONBLOCK;

    /// <summary>The size of <c>struct epoll_event</c>: packed on x86-64 and nowhere else.</summary>
    public static int EpollEventSize => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int EpollDataOffset => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    [LibraryImport(Library, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int capacity, int milliseconds);

    /// <summary>A null <paramref name="timeout"/> means no limit; a null mask leaves the signal mask unchanged.</summary>
    [LibraryImport(Library, EntryPoint = "ppoll")]
    public static partial int Poll(PollDescriptor* descriptors, nuint count, TimeSpec* timeout, void* signalMask);

    [LibraryImport(Library, EntryPoint = "eventfd")]
    public static partial int EventDescriptor(uint initialValue, int flags);

    /// <summary>One <c>epoll_ctl</c>; returns the errno.</summary>
    public static Errno EpollControl(int epoll, int operation, int descriptor, ulong token, PollEvents events)
    {
        var buffer = stackalloc byte[16];
        *(uint*)buffer = (uint)events;
        Marshal.WriteInt64((nint)(buffer + EpollDataOffset), (long)token);
        return EpollControl(epoll, operation, descriptor, buffer) == 0 ? Errno.None : LastError;
    }

    /// <summary>Returns the event at <paramref name="index"/> of those that <see cref="EpollWait"/> returned.</summary>
    public static PollEvent EpollEventAt(byte* events, int index)
    {
        var one = events + index * EpollEventSize;
        return new PollEvent((ulong)Marshal.ReadInt64((nint)(one + EpollDataOffset)), (PollEvents)(*(uint*)one));
    }

    /// <summary><c>struct pollfd</c>.</summary>
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary><c>struct timespec</c> of a 64-bit process.</summary>
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
