using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>
/// The control file, shared by all processes that have the log open now: the doorbell that followers sleep on, and the locks that show
/// which processes live. It need not survive them: if it is missing, the next process creates it.
/// </summary>
internal sealed unsafe class LogControl : IDisposable
{
    private readonly MappedFile _mapping;
    private readonly string _path;
    private uint _appender;

    private LogControl(string path, Descriptor file)
    {
        _path = path;
        File = file;
        _mapping = new MappedFile(file, LogLayout.HeaderSize, allocate: false);
    }

    /// <summary>The file with the locks.</summary>
    public Descriptor File { get; }

    /// <summary>The doorbell: changes whenever waiters are woken; odd while a waiter sleeps or is about to.</summary>
    public ref int Doorbell => ref Unsafe.AsRef<int>(_mapping.Pointer + LogLayout.DoorbellAt);

    /// <summary>The boot of the machine in which the log was last repaired.</summary>
    public Guid Boot
    {
        get => Unsafe.ReadUnaligned<Guid>(_mapping.Pointer + LogLayout.BootAt);
        set => Unsafe.WriteUnaligned(_mapping.Pointer + LogLayout.BootAt, value);
    }

    /// <summary>Whether its name still refers to it: the log may have been removed.</summary>
    public bool IsNamed => NativeFile.Fstat(File) is { } status && FileIdentity.At(_path) == FileIdentity.Of(status);

    /// <summary>Opens the control file in a folder, or creates it.</summary>
    /// <param name="folder">The folder of the log.</param>
    /// <param name="mayMake">If false: returns null if the file does not exist.</param>
    /// <param name="isNew">Whether it did not exist: then it is unknown when the log was last repaired.</param>
    public static LogControl? Open(string folder, bool mayMake, out bool isNew)
    {
        string path = $"{folder}/{LogLayout.ControlName}";
        string who = $"the file {PlainText.OneLine(path)}";
        isNew = false;
        while (true)
        {
            if (LogFile.TryOpen(path, who) is { } found)
            {
                try
                {
                    Span<byte> header = stackalloc byte[LogLayout.DoorbellAt];
                    LogHeader.Read(found, LogLayout.ControlMagic, header, who);
                    return (NativeFile.Fstat(found)?.Size ?? 0) >= LogLayout.HeaderSize
                        ? new LogControl(path, found)
                        : throw new FairleadException(
                            ErrorCode.Corrupt,
                            $"{who} has been truncated",
                            "It holds nothing of value: when all processes have closed the log, remove it. Fairlead creates it again.");
                }
                catch
                {
                    found.Dispose();
                    throw;
                }
            }

            if (!mayMake)
            {
                return null;
            }

            using var made = RegionFile.TryMake(
                path,
                LogLayout.HeaderSize,
                RuntimeDirectory.PrivateFile,
                who,
                static file => LogHeader.Write(file, LogLayout.ControlMagic, LogLayout.HeaderSize, default),
                $"{path}~{Guid.NewGuid():N}");
            isNew = made is not null;
        }
    }

    /// <summary>Locks the log exclusively, until it is shared; false if another process has it open.</summary>
    public bool TryBeAlone() => OpenFileLock.TryLockByte(File, LogLayout.OpenLock);

    /// <summary>Locks the log for shared use until this is disposed; false while another process has it exclusively.</summary>
    public bool TryShare() => OpenFileLock.TryShareByte(File, LogLayout.OpenLock);

    /// <summary>Takes the right to create and remove segments. <see cref="LeaveSegments"/> releases it.</summary>
    public bool TryTakeSegments() => OpenFileLock.TryLockByte(File, LogLayout.SegmentLock);

    public void LeaveSegments() => OpenFileLock.UnlockByte(File, LogLayout.SegmentLock);

    /// <summary>
    /// The number of this opener as an appender. Its lock is held from the first use until this is disposed, at the latest until the
    /// process ends. Callers do not use it concurrently.
    /// </summary>
    public uint Appender
    {
        get
        {
            while (_appender == 0)
            {
                uint number =
                    Interlocked.Increment(ref Unsafe.AsRef<uint>(_mapping.Pointer + LogLayout.AppendersAt)) % RecordWord.Appenders;
                if (number != 0 && OpenFileLock.TryLockByte(File, LogLayout.AppenderLocks + number))
                {
                    Volatile.Write(ref _appender, number);
                }
            }

            return _appender;
        }
    }

    /// <summary>Returns whether an appender lives, by its lock and never by a clock.</summary>
    public bool IsAlive(uint appender) =>
        appender == Volatile.Read(ref _appender) || OpenFileLock.IsByteLocked(File, LogLayout.AppenderLocks + appender);

    /// <summary>
    /// Wakes the sleepers, if there are any. Call it after the compare-and-swap of a record's word, which is a full fence: a waiter that
    /// has announced its sleep is seen here, or has seen that word in its second check.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ring()
    {
        if ((Volatile.Read(ref Doorbell) & 1) != 0)
        {
            // One step of the kernel: if this process were killed between changing the word and the wake-up, the sleepers would never wake.
            Futex.AddOneAndWakeAll(ref Doorbell);
        }
    }

    /// <summary>Announces a waiter. It checks the log once more, and then sleeps while the doorbell has the returned value.</summary>
    public int Announce()
    {
        int seen = Volatile.Read(ref Doorbell);
        while ((seen & 1) == 0)
        {
            int found = Interlocked.CompareExchange(ref Doorbell, seen | 1, seen);
            if (found == seen)
            {
                return seen | 1;
            }

            seen = found;
        }

        // Another waiter has announced itself. The fence orders this read of the doorbell before the second check of the log, as the
        // compare-and-swap does.
        Interlocked.MemoryBarrier();
        return seen;
    }

    /// <summary>Keeps the doorbell mapped until <see cref="Exit"/>; false if this is disposed.</summary>
    public bool TryEnter()
    {
        bool entered = false;
        try
        {
            _mapping.DangerousAddRef(ref entered);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return entered;
    }

    public void Exit() => _mapping.DangerousRelease();

    public void Dispose()
    {
        _mapping.Dispose();
        OpenFileLock.Unlock(File);
        File.Dispose();
    }
}
