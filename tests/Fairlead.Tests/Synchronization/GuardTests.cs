using Fairlead.Memory.Backing;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed class GuardTests
{
    [Fact]
    public void The_guard_is_left_even_if_the_steps_inside_throw()
    {
        string name = $"guard-{Guid.NewGuid():N}";
        BarrierCore barrier = new(LockPlace.Named(name, BarrierLayout.Size(2), RegionContent.Barrier), 2);
        try
        {
            Guard guard = new(barrier, barrier.Words.Header, barrier.Words.Guard);
            Assert.Throws<InvalidOperationException>(() => FailInside(guard));
            guard.Free();

            // Waits for the guard.
            barrier.Reset();
        }
        finally
        {
            barrier.Close();
            NamedRegion.Remove(name, RegionContent.Barrier);
        }
    }

    private static void FailInside(Guard guard)
    {
        using (guard.Enter())
        {
            throw new InvalidOperationException();
        }
    }
}
