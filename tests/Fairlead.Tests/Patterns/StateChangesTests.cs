using System.Collections.Concurrent;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

public sealed class StateChangesTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Fact]
    public async Task State_changes_are_reported_one_after_another_in_order_even_if_a_handler_throws()
    {
        const int Count = 200;
        ConcurrentQueue<int> told = new();
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int inside = 0;
        StateChanges changes = new(Tell, static () => "unix://name");
        for (int i = 1; i <= Count; i++)
        {
            changes.Add(new EndpointStateChange(EndpointState.Reconnecting, CloseReason.PeerDied, i));
        }

        await all.Task;
        Assert.Equal(Enumerable.Range(1, Count), told);

        void Tell(EndpointStateChange change)
        {
            Assert.Equal(1, Interlocked.Increment(ref inside));
            told.Enqueue(change.Attempt);
            Interlocked.Decrement(ref inside);
            if (change.Attempt == Count)
            {
                all.SetResult();
            }

            if (change.Attempt % 3 == 0)
            {
                throw new InvalidOperationException("A handler may do this.");
            }
        }
    }
}
