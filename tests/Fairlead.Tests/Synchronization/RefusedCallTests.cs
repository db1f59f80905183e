using Fairlead.Synchronization;

namespace Fairlead.Tests.Synchronization;

/// <summary>A call with an impossible timeout is refused, and keeps nothing of the lock.</summary>
public sealed class RefusedCallTests : IDisposable
{
    private static readonly TimeSpan Impossible = TimeSpan.FromSeconds(-5);

    private readonly string _name = $"r-{Guid.NewGuid():N}";

    public void Dispose() => NamedEvent.Remove(_name);

    [Fact]
    public async Task A_call_of_an_event_with_a_negative_timeout_throws_and_keeps_no_mapping()
    {
        NamedEvent.Open(_name).Dispose();
        using (NamedEvent signal = NamedEvent.Open(_name))
        {
            Assert.NotEqual(0, Mappings());
            Assert.Throws<ArgumentOutOfRangeException>(() => signal.TryWait(Impossible));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await signal.TryWaitAsync(Impossible));
        }

        Assert.Equal(0, Mappings());
    }

    [Fact]
    public async Task A_call_of_a_countdown_with_a_negative_timeout_throws_and_keeps_no_mapping()
    {
        NamedCountdown.Open(_name, 1).Dispose();
        using (NamedCountdown countdown = NamedCountdown.Open(_name, 1))
        {
            Assert.NotEqual(0, Mappings());
            Assert.Throws<ArgumentOutOfRangeException>(() => countdown.TryWait(Impossible));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await countdown.TryWaitAsync(Impossible));
        }

        Assert.Equal(0, Mappings());
    }

    [Fact]
    public async Task A_call_of_a_semaphore_with_a_negative_timeout_throws_and_keeps_no_mapping()
    {
        NamedSemaphore.Open(_name, 0, 1).Dispose();
        using (NamedSemaphore semaphore = NamedSemaphore.Open(_name, 0, 1))
        {
            Assert.NotEqual(0, Mappings());
            Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.TryTake(Impossible));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await semaphore.TryTakeAsync(Impossible));
        }

        Assert.Equal(0, Mappings());
    }

    // The kernel shows the name for a file that was opened by it, not for one that was made.
    private int Mappings() => File.ReadLines("/proc/self/maps").Count(line => line.EndsWith(_name, StringComparison.Ordinal));
}
