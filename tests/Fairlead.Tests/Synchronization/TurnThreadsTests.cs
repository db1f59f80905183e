using System.Runtime.InteropServices;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Tests.Synchronization;

/// <summary>The threads that serve asynchronous waits: the system refuses one, or a waiting one fails.</summary>
public sealed class TurnThreadsTests
{
    [Fact]
    public async Task A_thread_that_could_not_start_receives_no_later_waiters()
    {
        TurnThreads threads = new();
        using Words words = new(2);
        NoThreads.AssertRefused(() => threads.Add(new WordTurn(words, 0)));
        Assert.Equal(0, threads.Count);

        WordTurn turn = new(words, 1);
        threads.Add(turn);
        words.Change(1);

        await turn.Task;
        Assert.Equal(1, threads.Count);
    }

    [Fact]
    public async Task A_waiter_that_fails_gets_its_error_and_the_others_continue()
    {
        TurnThreads threads = new();
        using Words words = new(3);
        WordTurn before = new(words, 0);
        WordTurn failing = new(words, 1) { OnAdvance = static () => throw new InvalidOperationException("of this one") };
        WordTurn behind = new(words, 2);
        threads.Add(before);
        threads.Add(failing);
        threads.Add(behind);

        Assert.Equal("of this one", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing.Task)).Message);
        words.Change(0);
        words.Change(2);

        await before.Task;
        await behind.Task;
    }

    [Fact]
    public async Task Waiters_that_need_another_thread_get_the_error_if_it_cannot_start()
    {
        const int Many = 200;
        Assert.True(FutexSet.IsAvailable, "before Linux 5.16 there is a thread for each");
        TurnThreads threads = new();
        using Words words = new(Many);

        // The first thread exists; every other one is refused, whether it is started here or by the first.
        TaskCompletionSource<Exception> refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        WordTurn[] turns = [.. Enumerable.Range(0, Many).Select(i => new WordTurn(words, i)
        {
            OnAdvance = static () => BackgroundThread.IsDenied = true,
            OnFail = error => refused.TrySetResult(error),
        })];
        threads.Add(turns[0]);
        AddWithoutThreads(threads, turns[1..]);
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<FairleadException>(await refused.Task).Code);
        Assert.Equal(1, threads.Count);

        // Waits that have a thread are served by it.
        int served = 0;
        for (int i = 0; i < Many; i++)
        {
            words.Change(i);
            try
            {
                await turns[i].Task;
                served++;
            }
            catch (FairleadException error)
            {
                Assert.Equal(ErrorCode.Unavailable, error.Code);
            }
        }

        Assert.InRange(served, 1, Many - 1);
    }

    private static void AddWithoutThreads(TurnThreads threads, WordTurn[] turns)
    {
        using NoThreads none = new();
        foreach (WordTurn turn in turns)
        {
            try
            {
                threads.Add(turn);
            }
            catch (FairleadException error)
            {
                turn.Fail(error);
            }
        }
    }

    private sealed unsafe class Words(int count) : IDisposable
    {
        private readonly int* _words = (int*)NativeMemory.AllocZeroed((nuint)count, sizeof(int));

        public int* this[int at] => _words + at;

        public void Change(int at)
        {
            Volatile.Write(ref _words[at], 1);
            Futex.Wake(ref _words[at], int.MaxValue);
        }

        public void Dispose() => NativeMemory.Free(_words);
    }

    /// <summary>Waits until a word is not zero.</summary>
    private sealed unsafe class WordTurn(Words words, int at) : Turn
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action? OnAdvance { get; init; }

        public Action<Exception>? OnFail { get; init; }

        public Task Task => _done.Task;

        public override bool Advance(out int* word, out int value)
        {
            OnAdvance?.Invoke();
            word = words[at];
            value = 0;
            return Volatile.Read(ref *word) != 0 && _done.TrySetResult();
        }

        public override void Abandon() => _done.TrySetCanceled();

        public override void Fail(Exception exception)
        {
            _done.TrySetException(exception);
            OnFail?.Invoke(exception);
        }
    }
}
