using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Words;
using Fairlead.Tests.Native;

namespace Fairlead.Tests.Synchronization;

/// <summary>Zeroed memory for one lock, and an owner thread that owns words in it. A test releases each word that it has taken.</summary>
internal sealed unsafe class WordsMemory : IDisposable
{
    /// <summary>The number of an owner thread that has ended: no thread can have it.</summary>
    public const uint Dead = 0x2fff_ffff;

    private static readonly List<RobustMemory> Kept = [];

    private readonly RobustMemory _memory;
    private readonly int _size;

    public WordsMemory(int size)
    {
        _size = size;
        using Descriptor file = MemoryFile.Create("words", size);
        _memory = new RobustMemory(file, 0, size);
    }

    public byte* Start => _memory.Shared;

    public RobustKeeper Keeper { get; } = RobustKeeper.Reserve();

    public ref uint At(int offset) => ref *(uint*)(Start + offset);

    /// <summary>Joins a wait queue, which must have room.</summary>
    public uint Join(WaitQueue line)
    {
        Assert.True(line.TryJoin(Keeper, out uint ticket));
        return ticket;
    }

    /// <summary>Replaces the owner of a place in a wait queue, as the kernel does when the process dies.</summary>
    public void Die(WaitQueue line, uint ticket)
    {
        line.Leave(Keeper, ticket);
        *line.Word(ticket) = LockWord.DiedBit;
    }

    /// <summary>Starts a thread that sleeps until a word has another value than now, and returns when it sleeps.</summary>
    public static TestThread SleepOn(uint* word)
    {
        nint place = (nint)word;
        uint value = *word;
        TestThread sleeper = TestThread.Start(() =>
        {
            while (Volatile.Read(ref *(uint*)place) == value)
            {
                Futex.Wait(ref *(int*)place, (int)value, Timeout.InfiniteTimeSpan);
            }
        });
        sleeper.UntilAsleepIn((nuint)place);
        return sleeper;
    }

    public void Dispose()
    {
        Keeper.Free();
        foreach (uint word in new ReadOnlySpan<uint>(Start, _size / sizeof(uint)))
        {
            if (new LockWord(word).Owner == Keeper.Id)
            {
                // The test has failed before it released the word: the owner thread's list still points there, and the memory must stay.
                lock (Kept)
                {
                    Kept.Add(_memory);
                }

                return;
            }
        }

        _memory.Dispose();
    }
}
