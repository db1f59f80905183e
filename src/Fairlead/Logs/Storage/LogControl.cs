using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>
/// What those share who have a log open now: the bell, behind which followers sleep, and the locks that say who lives. None of it need
/// outlive them: it is made anew where it is missing.
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

    /// <summary>Holds the locks.</summary>
    public Descriptor File { get; }

    /// <summary>Changes whenever waiters are woken; odd while somebody sleeps, or is about to.</summary>
    public ref int Bell => ref Unsafe.AsRef<int>(_mapping.Pointer + LogLayout.BellAt);

    /// <summary>The run of the system in which the log was last looked after.</summary>
    public Guid Boot
    {
        get => Unsafe.ReadUnaligned<Guid>(_mapping.Pointer + LogLayout.BootAt);
        set => Unsafe.WriteUnaligned(_mapping.Pointer + LogLayout.BootAt, value);
    }

    /// <summary>Whether its name still leads to it: the log may have been removed.</summary>
    public bool IsNamed => NativeFile.Fstat(File) is { } status && FileIdentity.At(_path) == FileIdentity.Of(status);

    /// <summary>Opens the file in a folder, or makes it.</summary>
    /// <param name="folder">The log's.</param>
    /// <param name="mayMake">False: null where there is none.</param>
    /// <param name="isNew">Whether it was not there, and nothing is known of when the log was last looked after.</param>
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
                    Span<byte> header = stackalloc byte[LogLayout.BellAt];
                    LogHeader.Read(found, LogLayout.ControlMagic, header, who);
                    return (NativeFile.Fstat(found)?.Size ?? 0) >= LogLayout.HeaderSize
                        ? new LogControl(path, found)
                        : throw new FairleadException(
                            ErrorCode.Corrupt,
                            $"{who} has been cut",
                            "It holds nothing that need be kept: when all have closed the log, remove it, and it is made anew.");
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

    /// <summary>Has the log for itself alone, until it is shared; false when somebody has it open.</summary>
    public bool TryBeAlone() => OpenFileLock.TryLockByte(File, LogLayout.OpenLock);

    /// <summary>Has the log open with others, until this is disposed; false while somebody has it alone.</summary>
    public bool TryShare() => OpenFileLock.TryShareByte(File, LogLayout.OpenLock);

    /// <summary>The right to make and to remove segments. The release is <see cref="LeaveSegments"/>.</summary>
    public bool TryTakeSegments() => OpenFileLock.TryLockByte(File, LogLayout.SegmentLock);

    public void LeaveSegments() => OpenFileLock.UnlockByte(File, LogLayout.SegmentLock);

    /// <summary>
    /// This opener's number as an appender: locked from now on until this is disposed, at the latest with the process. Not called by two at
    /// once.
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

    /// <summary>Whether an appender lives, by its lock: never by a clock.</summary>
    public bool IsAlive(uint appender) =>
        appender == Volatile.Read(ref _appender) || OpenFileLock.IsByteLocked(File, LogLayout.AppenderLocks + appender);

    /// <summary>
    /// Wakes those who sleep, if anybody does. Called behind an exchange of a record's word, which is a full fence: whoever has announced
    /// that he sleeps is seen here, or has seen that word in his second look.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ring()
    {
        if ((Volatile.Read(ref Bell) & 1) != 0)
        {
            // In one step of the kernel: were this process killed between changing the word and waking, those asleep would never be woken.
            Futex.AddOneAndWakeAll(ref Bell);
        }
    }

    /// <summary>Announces a waiter. He looks once more before he sleeps, as long as the bell has the value returned.</summary>
    public int Announce()
    {
        int seen = Volatile.Read(ref Bell);
        while ((seen & 1) == 0)
        {
            int found = Interlocked.CompareExchange(ref Bell, seen | 1, seen);
            if (found == seen)
            {
                return seen | 1;
            }

            seen = found;
        }

        // Somebody else has announced himself. The fence orders this look at the bell before the second look at the log, as the exchange
        // does.
        Interlocked.MemoryBarrier();
        return seen;
    }

    /// <summary>Keeps the bell mapped until <see cref="Exit"/>; false when this has been disposed.</summary>
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
