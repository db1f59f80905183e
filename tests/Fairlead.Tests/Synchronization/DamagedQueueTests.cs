using System.Buffers.Binary;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The latest ticket of a wait queue is damaged: a caller that has to wait gets an error. It does not spin.</summary>
public sealed class DamagedQueueTests(ITestOutputHelper output) : WatchedTest(output)
{
    /// <summary>The bytes of a lock's file before the lock.</summary>
    private const int FileHeader = 64;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    public static TheoryData<uint> Tickets => [0x8000_0000, 0x8000_0001, 0xffff_ff00];

    [Theory]
    [MemberData(nameof(Tickets))]
    public async Task A_queue_whose_latest_ticket_is_older_than_its_slots_is_corrupt(uint ticket)
    {
        using WordsMemory memory = new(WaitQueueLayout.Size);
        WaitQueue line = LineOf(memory);

        // Used once around, each slot has a ticket.
        for (int i = 0; i < WaitQueueLayout.Places; i++)
        {
            line.Leave(memory.Keeper, memory.Join(line));
        }

        SetLatest(memory, ticket);
        Task<FairleadException> joining = OnThread(() => Assert.Throws<FairleadException>(() => line.TryJoin(memory.Keeper, out _)));
        FairleadException error = await joining.WaitAsync(Guard);
        Assert.Equal(ErrorCode.Corrupt, error.Code);
    }

    [Theory]
    [MemberData(nameof(Tickets))]
    public async Task A_waiter_of_a_lock_with_a_damaged_queue_ends_within_its_timeout(uint ticket)
    {
        string name = $"damaged-{Guid.NewGuid():n}";
        using NamedMutex mutex = NamedMutex.Open(name);
        using NamedMutex other = NamedMutex.Open(name);
        string path = $"{Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead/locks/{name}";
        using (await mutex.EnterAsync())
        {
            // Once around, as above.
            for (int i = 0; i < WaitQueueLayout.Places; i++)
            {
                Assert.False(other.TryEnter(TimeSpan.FromMilliseconds(1), out _));
            }

            using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.Position = FileHeader + MutexLayout.WaitQueueAt + WaitQueueLayout.TicketsAt;
                byte[] word = new byte[4];
                BinaryPrimitives.WriteUInt32LittleEndian(word, ticket);
                file.Write(word);
            }

            Exception? blocking = await OnThread(() => Record.Exception(() => other.TryEnter(Short, out _))).WaitAsync(Guard);
            Assert.Equal(ErrorCode.Corrupt, Assert.IsType<FairleadException>(blocking).Code);
            Exception? awaiting = await Record.ExceptionAsync(() => other.TryEnterAsync(Short).AsTask().WaitAsync(Guard));
            Assert.Equal(ErrorCode.Corrupt, Assert.IsType<FairleadException>(awaiting).Code);
        }
    }

    private static unsafe WaitQueue LineOf(WordsMemory memory) => new(memory.Start);

    private static unsafe void SetLatest(WordsMemory memory, uint ticket) =>
        Volatile.Write(ref *(uint*)(memory.Start + WaitQueueLayout.TicketsAt), ticket);
}
