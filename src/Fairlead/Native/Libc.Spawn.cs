using System.Runtime.InteropServices;

namespace Fairlead.Native;

// Starting programs. Only posix_spawn is safe in a process with threads and a garbage collector.
internal static unsafe partial class Libc
{
    /// <summary>
    /// Space for <c>posix_spawnattr_t</c> and <c>posix_spawn_file_actions_t</c>, whose content only the C library knows. glibc and musl use
    /// 336 and 80 bytes; this is at least twice that.
    /// </summary>
    public const int SpawnAttributesRoom = 1024;

    /// <inheritdoc cref="SpawnAttributesRoom"/>
    public const int SpawnActionsRoom = 512;

    public const short POSIX_SPAWN_SETPGROUP = 0x02;
    public const short POSIX_SPAWN_SETSIGDEF = 0x04;
    public const short POSIX_SPAWN_SETSIGMASK = 0x08;
    public const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>All of these return the error number itself and do not change errno.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn")]
    public static partial Errno Spawn(int* processId, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    public static partial Errno SpawnAttributesInit(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    public static partial Errno SpawnAttributesDestroy(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    public static partial Errno SpawnAttributesFlags(byte* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setpgroup")]
    public static partial Errno SpawnAttributesGroup(byte* attributes, int group);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial Errno SpawnAttributesMask(byte* attributes, SignalSet* blocked);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial Errno SpawnAttributesDefault(byte* attributes, SignalSet* defaults);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial Errno SpawnActionsInit(byte* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial Errno SpawnActionsDestroy(byte* actions);

    /// <summary>Runs in the child. The copy is not closed on exec.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial Errno SpawnActionsDuplicate(byte* actions, int from, int to);

    /// <summary>glibc 2.29, musl 1.1.24.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    public static partial Errno SpawnActionsDirectory(byte* actions, byte* path);

    /// <summary>glibc 2.35; not in musl.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addtcsetpgrp_np")]
    public static partial Errno SpawnActionsForeground(byte* actions, int terminal);

    [LibraryImport(Library, EntryPoint = "access")]
    public static partial int Access(byte* path, int mode);

    /// <summary><c>sigset_t</c>: 128 bytes in both C libraries, of which the kernel uses the first 8.</summary>
    public struct SignalSet
    {
        public fixed ulong Words[16];
    }
}
