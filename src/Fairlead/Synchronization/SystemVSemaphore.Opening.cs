using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

// Creating, opening and removing.
public sealed partial class SystemVSemaphore
{
    /// <summary>SEMMSL of the kernel's default: the most semaphores in a set.</summary>
    private const int MostInSet = 32_000;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>A set without a first value for this long has lost its creator.</summary>
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(1);

    /// <summary>Opens the semaphore with a key (<c>semget</c>), or creates a set of one semaphore with an initial value.</summary>
    /// <remarks>
    /// <c>semget</c> and the first value are two steps. Concurrent creators all get the same semaphore, and none uses it before it has its
    /// value. If the creator dies between the steps, the next <c>Open</c> gives the value after one second.
    /// </remarks>
    /// <param name="key">The key as in C, from <c>ftok</c> or a number of your choice; not 0.</param>
    /// <param name="permits">The initial value: 0 to 32,767. An existing semaphore keeps the value that it has.</param>
    /// <param name="mode">The permissions of a new semaphore; by default only for this user. Using one needs reading and writing.</param>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it belongs to another user. Full: the system's limit of semaphores is reached.
    /// </exception>
    public static SystemVSemaphore Open(int key, int permits, UnixFileMode mode = OwnerOnly) => Open(key, permits, mode, Beginning);

    /// <param name="key">As above.</param>
    /// <param name="permits">As above.</param>
    /// <param name="mode">As above.</param>
    /// <param name="patience">How long the creator of a found set has for its first value.</param>
    internal static SystemVSemaphore Open(int key, int permits, UnixFileMode mode, TimeSpan patience)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(permits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permits, Most);
        string description = Describe(key, 0);
        while (true)
        {
            if (SystemVSemaphores.Find(key, 0, out Errno error) is { } found)
            {
                if (Begun(new SystemVSemaphore(key, found, 0, isNew: false), permits, patience) is { } semaphore)
                {
                    return semaphore;
                }
            }
            else if (error != Errno.ENOENT)
            {
                throw Failure($"{description} cannot be opened", error);
            }
            else if (SystemVSemaphores.Make(key, (uint)mode, out error) is { } made)
            {
                error = SystemVSemaphores.Begin(made, permits);
                if (error is Errno.None or Errno.EAGAIN)
                {
                    return new SystemVSemaphore(key, made, 0, isNew: error == Errno.None);
                }

                if (!IsGone(error))
                {
                    throw Failure($"{description} cannot be given its value", error);
                }
            }
            else if (error != Errno.EEXIST)
            {
                throw Failure($"{description} cannot be created", error);
            }
        }
    }

    /// <summary>Opens an existing semaphore.</summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <param name="number">The number of the semaphore in its set, from 0.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist, or its set has fewer semaphores. PermissionDenied: it belongs to another user.
    /// </exception>
    public static SystemVSemaphore OpenExisting(int key, int number = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, MostInSet);
        string description = Describe(key, number);
        while (true)
        {
            int id = SystemVSemaphores.Find(key, number, out Errno error)
                ?? throw error switch
                {
                    Errno.ENOENT => new FairleadException(
                        ErrorCode.NotFound, $"{description} does not exist", "Start the program that creates it, or open it with a value."),
                    Errno.EINVAL => new FairleadException(
                        ErrorCode.NotFound, $"{description} does not exist: its set has fewer semaphores", "ipcs -s lists the sets."),
                    _ => Failure($"{description} cannot be opened", error),
                };
            if (Begun(new SystemVSemaphore(key, id, number, isNew: false), permits: null, Beginning) is { } semaphore)
            {
                return semaphore;
            }
        }
    }

    /// <summary>
    /// Removes the set of semaphores with a key, whichever program created it. Calls that wait for it end with NotFound, in all processes.
    /// </summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <returns>Whether the set existed.</returns>
    /// <exception cref="FairleadException">PermissionDenied: it belongs to another user.</exception>
    public static bool Remove(int key)
    {
        string description = Describe(key, 0);
        if (SystemVSemaphores.Find(key, 0, out Errno error) is not { } id)
        {
            return error == Errno.ENOENT ? false : throw Failure($"{description} cannot be opened", error);
        }

        error = SystemVSemaphores.Remove(id);
        return error switch
        {
            Errno.None => true,
            _ when IsGone(error) => false,
            _ => throw Failure($"{description} cannot be removed", error),
        };
    }

    /// <summary>
    /// Waits until a found set has its first value. A program has given one if it set a value (the kernel notes the process) or changed it
    /// (the kernel notes the time).
    /// </summary>
    /// <returns>Null if the set has been removed.</returns>
    private static SystemVSemaphore? Begun(SystemVSemaphore semaphore, int? permits, TimeSpan patience)
    {
        Deadline deadline = Deadline.After(patience);
        bool isGone = false;
        bool isBegun = PolledWait.Wait(() => semaphore.HasBegun(out isGone) || isGone, deadline, CancellationToken.None);
        if (isGone)
        {
            return null;
        }

        if (!isBegun && permits is { } value)
        {
            // The creator is dead or stopped, or leaves the semaphore at zero; another opener may give the value too, but only one can.
            Errno error = SystemVSemaphores.Begin(semaphore._id, value);
            return error switch
            {
                Errno.None or Errno.EAGAIN => semaphore,
                _ when IsGone(error) => null,
                _ => throw Failure($"{semaphore} cannot be given its value", error),
            };
        }

        return semaphore;
    }

    private bool HasBegun(out bool isGone)
    {
        isGone = false;
        int last = SystemVSemaphores.LastProcess(_id, Number, out Errno error);
        if (last < 0)
        {
            isGone = IsGone(error);
            return isGone ? false : throw Failure($"{this} cannot be read", error);
        }

        // Without /proc nothing more can be known.
        return last > 0 || SystemVSemaphores.Times(_id) is null or { Changed: > 0 };
    }

    private static bool IsGone(Errno error) => error is Errno.EINVAL or Errno.EIDRM;

    private static FairleadException Failure(string what, Errno error) =>
        error switch
        {
            Errno.EACCES or Errno.EPERM => new FairleadException(
                ErrorCode.PermissionDenied,
                $"{what}: this user may not use it ({ErrnoMap.Describe(error)})",
                "Its owner sets the mode, with which C programs create it (0666 admits all users); ipcs -s shows owner and mode.")
            {
                Errno = (int)error,
            },
            Errno.ENOSPC => new FairleadException(
                ErrorCode.Full,
                $"{what}: the system's limit of semaphores or of their undo records is reached",
                "Remove unused ones (ipcs -s lists them, ipcrm -s removes them), or raise /proc/sys/kernel/sem.")
            {
                Errno = (int)error,
            },
            _ when IsGone(error) => new FairleadException(
                ErrorCode.NotFound, $"{what}: a program has removed it", "Open it again, and see which program removes it.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure(what, error),
        };

    private static string Describe(int key, int number)
    {
        if (key == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(key), "Key 0 is private: no process can find a semaphore by it.");
        }

        return number == 0
            ? string.Create(CultureInfo.InvariantCulture, $"the System V semaphore 0x{key:x8}")
            : string.Create(CultureInfo.InvariantCulture, $"the System V semaphore 0x{key:x8}, number {number}");
    }
}
