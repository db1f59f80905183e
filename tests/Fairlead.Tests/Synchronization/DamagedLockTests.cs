using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>One word of a lock's file is damaged: a call that has to wait ends with an error or at its time. It does not spin.</summary>
[SlowRun]
public sealed class DamagedLockTests(ITestOutputHelper output) : WatchedTest(output)
{
    /// <summary>The bytes of a lock's file before the lock.</summary>
    private const int FileHeader = 64;

    /// <summary>The words before the wait queue, its own, and those of its first two slots.</summary>
    private const int Beginning = MutexLayout.WaitQueueAt + WaitQueueLayout.PlacesAt + (2 * WaitQueueLayout.PlaceSize);

    /// <summary>The words behind the wait queue: owners, parties, or a guard.</summary>
    private const int Behind = MutexLayout.WaitQueueAt + WaitQueueLayout.Size;

    private const int MostBehind = 192;

    private static readonly uint[] Values = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    /// <summary>How many of the values each word gets; all of them in the long form.</summary>
    private static readonly int Rounds = TestSize.Given("FAIRLEAD_DAMAGED_VALUES", 1);

    private readonly string _name = $"damaged-{Guid.NewGuid():n}";

    public static TheoryData<string> Kinds => ["mutex", "semaphore", "reader", "writer", "event", "countdown", "condition", "barrier"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_wait_ends_whichever_word_is_damaged(string kind)
    {
        Random random = NewRandom();
        Func<bool> wait = Prepare(kind);
        string path = $"{Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead/locks/{_name}";
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        int length = (int)file.Length - FileHeader;
        int[] words =
        [
            .. Enumerable.Range(0, Beginning / sizeof(uint)).Select(static word => word * sizeof(uint)),
            .. Enumerable
                .Range(0, Math.Min(MostBehind, length - Behind) / sizeof(uint))
                .Select(static word => Behind + (word * sizeof(uint))),
        ];
        foreach (int at in words)
        {
            foreach (uint value in random.GetItems(Values, Rounds))
            {
                uint before = Exchange(file, at, value);
                Task<Exception?> call = OnThread<Exception?>(() => Record.Exception(() => wait()));
                Assert.True(await Task.WhenAny(call, Task.Delay(Guard, TimeProvider.System)) == call, Text(at, value));
                Assert.True(await call is null or FairleadException or InvalidOperationException, $"{Text(at, value)}: {await call}");
                Exchange(file, at, before);
            }
        }
    }

    private static string Text(int at, uint value) => string.Create(CultureInfo.InvariantCulture, $"The word at {at} was {value:x8}");

    private static uint Exchange(FileStream file, int at, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        RandomAccess.Read(file.SafeFileHandle, bytes, FileHeader + at);
        uint before = MemoryMarshal.Read<uint>(bytes);
        MemoryMarshal.Write(bytes, value);
        RandomAccess.Write(file.SafeFileHandle, bytes, FileHeader + at);
        return before;
    }

    /// <summary>Makes a lock that is taken, and returns a call that has to wait for it.</summary>
    private Func<bool> Prepare(string kind)
    {
        switch (kind)
        {
            case "mutex":
                NamedMutex mutex = Track(NamedMutex.Open(_name));
                _ = mutex.EnterAsync().AsTask().Result;
                return () => mutex.TryEnter(Short, out _);
            case "semaphore":
                NamedSemaphore semaphore = Track(NamedSemaphore.Open(_name, 1));
                _ = semaphore.Enter();
                return () => semaphore.TryEnter(Short, out _);
            case "reader":
                NamedReaderWriterLock written = Track(NamedReaderWriterLock.Open(_name));
                _ = written.EnterWriteAsync().AsTask().Result;
                return () => written.TryEnterRead(Short, out _);
            case "writer":
                NamedReaderWriterLock read = Track(NamedReaderWriterLock.Open(_name));
                _ = read.EnterReadAsync().AsTask().Result;
                return () => read.TryEnterWrite(Short, out _);
            case "event":
                NamedEvent signal = Track(NamedEvent.Open(_name));
                return () => signal.TryWait(Short);
            case "countdown":
                NamedCountdown countdown = Track(NamedCountdown.Open(_name, 2));
                return () => countdown.TryWait(Short);
            case "condition":
                NamedMutex guard = Track(NamedMutex.Open($"{_name}-guard"));
                NamedCondition condition = Track(NamedCondition.Open(_name, guard));
                return () =>
                {
                    using MutexScope scope = guard.Enter();
                    return condition.Wait(scope, Short);
                };
            default:
                NamedBarrier barrier = Track(NamedBarrier.Open(_name, 2));
                return () => barrier.TrySignalAndWait(Short, out _);
        }
    }
}
