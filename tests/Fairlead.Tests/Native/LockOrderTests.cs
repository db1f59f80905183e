#if DEBUG
using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

/// <summary>The assertion of Debug builds about locks taken in the wrong order.</summary>
public sealed class LockOrderTests
{
    private readonly RankedLock _outer = new(LockRank.EndpointGate);
    private readonly RankedLock _inner = new(LockRank.LinkSending);

    [Fact]
    public void The_order_of_the_ranks_and_the_same_lock_again_pass()
    {
        using (_outer.Hold())
        {
            using (_inner.Hold())
            {
                using (_outer.Hold())
                {
                }
            }
        }
    }

    [Fact]
    public void Locks_taken_against_the_order_or_of_the_same_rank_fail()
    {
        using (_inner.Hold())
        {
            AssertFails("EndpointGate is taken inside LinkSending", () => _outer.Hold().Dispose());
            AssertFails("LinkSending is taken inside LinkSending", static () => new RankedLock(LockRank.LinkSending).Hold().Dispose());
        }
    }

    [Fact]
    public void A_thread_that_sleeps_inside_a_lock_fails()
    {
        using EventDescriptor bell = new();
        using (_inner.Hold())
        {
            AssertFails("LinkSending", () => BlockingWait.Wait(bell.Descriptor, PollEvents.Read, TimeSpan.FromMilliseconds(1)));
            Assert.Equal(PollEvents.None, BlockingWait.Wait(bell.Descriptor, PollEvents.Read, TimeSpan.Zero));
        }
    }

    private static void AssertFails(string text, Action action) =>
        Assert.Contains(text, Assert.ThrowsAny<Exception>(action).Message, StringComparison.Ordinal);
}
#endif
