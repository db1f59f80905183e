using System.Runtime.InteropServices;

namespace Fairlead.Native;

// System V segments, and the space on file systems.
internal static unsafe partial class Libc
{
    public const int AT_SYMLINK_FOLLOW = 0x400;

    public const int IPC_CREAT = 0x200;
    public const int IPC_EXCL = 0x400;
    public const int IPC_RMID = 0;
    public const int SHM_RDONLY = 0x1000;

    [LibraryImport(Library, EntryPoint = "shmget")]
    public static partial int SegmentGet(int key, nuint size, int flags);

    [LibraryImport(Library, EntryPoint = "shmat")]
    public static partial nint SegmentAttach(int id, nint hint, int flags);

    [LibraryImport(Library, EntryPoint = "shmdt")]
    public static partial int SegmentDetach(nint address);

    [LibraryImport(Library, EntryPoint = "shmctl")]
    public static partial int SegmentControl(int id, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "fstatvfs")]
    public static partial int RoomStatus(int descriptor, Room* room);

    /// <summary>The beginning of <c>struct statvfs</c>, which, unlike <c>statfs</c>, is the same on every 64-bit architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct Room
    {
        public ulong BlockSize;
        public ulong FragmentSize;
        public ulong Fragments;
        public ulong Free;
        public ulong FreeForUsers;
    }
}
