using System.IO.MemoryMappedFiles;

namespace Fairlead.NamedHandles.Maps;

/// <summary>What the creator of a map lets its openers do. Noted in permission bits of its file that have no other meaning there.</summary>
internal static class MapProtection
{
    // The sticky bit, and the owner's right to execute.
    private const uint ReadOnly = 0b001_000_000_000;
    private const uint Executable = 0b000_001_000_000;

    private const MemoryMappedFileRights AllRights = MemoryMappedFileRights.FullControl | MemoryMappedFileRights.AccessSystemSecurity;

    /// <summary>Returns the bits for a map that is created with an access.</summary>
    public static uint Marks(MemoryMappedFileAccess access) =>
        (CanWrite(access) ? 0 : ReadOnly) | (CanExecute(access) ? Executable : 0);

    /// <summary>Checks that a map with these bits can be opened with an access.</summary>
    /// <exception cref="UnauthorizedAccessException">It cannot.</exception>
    public static void Check(uint marks, MemoryMappedFileAccess access, string name)
    {
        if ((CanWrite(access) && (marks & ReadOnly) != 0) || (CanExecute(access) && (marks & Executable) == 0))
        {
            throw new UnauthorizedAccessException(
                $"Access to the map '{name}' is denied: it was created without the access {access}. "
                    + "Open it with the access of its creator.");
        }
    }

    /// <summary>Checks an access, and that it is not one to write only where that is not possible.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is unknown.</exception>
    /// <exception cref="ArgumentException">It is to write only.</exception>
    public static void CheckAccess(MemoryMappedFileAccess access, bool mayBeWrite = false)
    {
        if (access is < MemoryMappedFileAccess.ReadWrite or > MemoryMappedFileAccess.ReadWriteExecute)
        {
            throw new ArgumentOutOfRangeException(nameof(access), access, "The access is unknown.");
        }

        if (access == MemoryMappedFileAccess.Write && !mayBeWrite)
        {
            throw new ArgumentException("A map cannot be created with the access Write: use ReadWrite.", nameof(access));
        }
    }

    /// <summary>Checks a capacity.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public static void CheckCapacity(long capacity) => ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);

    /// <summary>Checks options of memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They contain an unknown one.</exception>
    public static void CheckOptions(MemoryMappedFileOptions options)
    {
        if ((options & ~MemoryMappedFileOptions.DelayAllocatePages) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options, "The options contain an unknown one.");
        }
    }

    /// <summary>Checks an inheritability.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is unknown.</exception>
    public static void CheckInheritability(HandleInheritability inheritability)
    {
        if (inheritability is < HandleInheritability.None or > HandleInheritability.Inheritable)
        {
            throw new ArgumentOutOfRangeException(nameof(inheritability), inheritability, "It is None or Inheritable.");
        }
    }

    /// <summary>Returns the access that rights ask for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They contain an unknown one.</exception>
    public static MemoryMappedFileAccess AccessOf(MemoryMappedFileRights desiredAccessRights)
    {
        if ((desiredAccessRights & ~AllRights) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(desiredAccessRights), desiredAccessRights, "The rights contain an unknown one.");
        }

        bool isWriting = (desiredAccessRights & MemoryMappedFileRights.Write) != 0;

        // The rights of an owner contain that to execute, which few maps have: they ask for what there is.
        bool isExecuting = (desiredAccessRights & MemoryMappedFileRights.Execute) != 0
            && (desiredAccessRights & MemoryMappedFileRights.FullControl) != MemoryMappedFileRights.FullControl;
        return isWriting ? isExecuting ? MemoryMappedFileAccess.ReadWriteExecute : MemoryMappedFileAccess.ReadWrite
            : isExecuting ? MemoryMappedFileAccess.ReadExecute
            : (desiredAccessRights & MemoryMappedFileRights.ReadWriteExecute) == 0
                && (desiredAccessRights & MemoryMappedFileRights.CopyOnWrite) != 0
                ? MemoryMappedFileAccess.CopyOnWrite
                : MemoryMappedFileAccess.Read;
    }

    /// <summary>Returns whether an access writes what others see.</summary>
    public static bool CanWrite(MemoryMappedFileAccess access) =>
        access is MemoryMappedFileAccess.ReadWrite or MemoryMappedFileAccess.Write or MemoryMappedFileAccess.ReadWriteExecute;

    private static bool CanExecute(MemoryMappedFileAccess access) =>
        access is MemoryMappedFileAccess.ReadExecute or MemoryMappedFileAccess.ReadWriteExecute;
}
