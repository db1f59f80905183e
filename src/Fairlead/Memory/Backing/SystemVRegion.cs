using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Memory;

namespace Fairlead.Memory.Backing;

/// <summary>System V segments by key, for old C programs: no header, the user's data begins at the first byte.</summary>
internal static class SystemVRegion
{
    public static unsafe RegionMemory Open(int key, long? size, uint mode)
    {
        string who = Describe(key);
        while (true)
        {
            if (SystemVSegment.Find(key, 0, out Errno error) is { } found)
            {
                return Attach(found, size, who);
            }

            if (error != Errno.ENOENT)
            {
                throw ErrnoMap.Failure($"{who} cannot be opened", error);
            }

            if (size is not { } length)
            {
                throw new FairleadException(
                    ErrorCode.NotFound, $"{who} does not exist", "Give a size to make it, or start the program that does.");
            }

            if (SystemVSegment.Make(key, length, mode, out error) is { } made)
            {
                SystemVSegment segment = new(made);
                return new RegionMemory(segment, segment.Pointer, length) { Description = who, IsNew = true };
            }

            if (error != Errno.EEXIST)
            {
                throw CannotMake(who, length, error);
            }
        }
    }

    /// <summary>Attaches an existing segment only for reading.</summary>
    public static RegionMemory Read(int key)
    {
        string who = Describe(key);
        return SystemVSegment.Find(key, 0, out Errno error) is { } found ? Attach(found, size: null, who, writable: false)
            : error == Errno.ENOENT
                ? throw new FairleadException(ErrorCode.NotFound, $"{who} does not exist", "Start the program that makes it.")
            : throw ErrnoMap.Failure($"{who} cannot be opened", error);
    }

    public static bool Remove(int key)
    {
        string who = Describe(key);
        if (SystemVSegment.Find(key, 0, out Errno error) is not { } id)
        {
            return error == Errno.ENOENT ? false : throw ErrnoMap.Failure($"{who} cannot be opened", error);
        }

        error = SystemVSegment.Remove(id);
        return error switch
        {
            Errno.None => true,
            Errno.EINVAL or Errno.EIDRM => false,
            _ => throw ErrnoMap.Failure($"cannot remove {who}", error),
        };
    }

    public static SystemVStatus? Status(int key)
    {
        _ = Describe(key);
        return All().Where(status => status.Key == key).Select(static status => (SystemVStatus?)status).FirstOrDefault();
    }

    public static List<SystemVStatus> All() =>
        SystemVStatus.ReadAll()
        ?? throw new FairleadException(
            ErrorCode.Unavailable, "the System V segments cannot be listed", "This process must be able to read /proc/sysvipc/shm.");

    private static unsafe RegionMemory Attach(int id, long? size, string who, bool writable = true)
    {
        // Attach first, then check: from then on the kernel does not reuse the number.
        SystemVSegment segment = new(id, writable);
        try
        {
            long has =
                SystemVSegment.SizeOf(id)
                ?? throw new FairleadException(
                    ErrorCode.Unavailable, $"the size of {who} cannot be read", "This process must be able to read /proc/sysvipc/shm.");
            return size is null || size == has
                ? new RegionMemory(segment, segment.Pointer, has) { Description = who }
                : throw RegionHeader.WrongSize(who, has, size.Value);
        }
        catch
        {
            segment.Dispose();
            throw;
        }
    }

    private static FairleadException CannotMake(string who, long size, Errno error)
    {
        var whole = string.Create(CultureInfo.InvariantCulture, $"{who} of {size} bytes");
        (ErrorCode Code, string What, string Mend)? limit = error switch
        {
            Errno.ENOSPC => (
                ErrorCode.Full,
                $"{whole} cannot be created: the system's limit on segments or their memory is reached",
                "Remove unused segments (ipcs -m lists them), or raise /proc/sys/kernel/shmmni or shmall."),
            Errno.EINVAL => (ErrorCode.TooLarge, $"{whole} exceeds the system's limit", "See /proc/sys/kernel/shmmax."),
            _ => null,
        };
        return limit is { } known
            ? new FairleadException(known.Code, known.What, known.Mend) { Errno = (int)error }
            : ErrnoMap.Failure($"cannot create {whole}", error);
    }

    private static string Describe(int key) => key == 0
        ? throw new ArgumentOutOfRangeException(nameof(key), "Key 0 is private: no process can find a segment by it.")
        : string.Create(CultureInfo.InvariantCulture, $"the System V segment 0x{key:x8}");
}
