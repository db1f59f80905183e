using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class EventDescriptorTests
{
    [Fact]
    public void Many_signals_are_one()
    {
        using var bell = new EventDescriptor();
        Assert.False(bell.Drain());

        bell.Signal();
        bell.Signal();

        Assert.Equal(PollEvents.Read, BlockingWait.Wait(bell.Descriptor, PollEvents.Read, TimeSpan.Zero));
        Assert.True(bell.Drain());
        Assert.False(bell.Drain());
        Assert.Equal(PollEvents.None, BlockingWait.Wait(bell.Descriptor, PollEvents.Read, TimeSpan.Zero));
    }

    [Fact]
    public void A_full_counter_stays_signalled_and_blocks_nobody()
    {
        using var bell = new EventDescriptor();
        Assert.True(bell.Descriptor.Write(BitConverter.GetBytes(ulong.MaxValue - 1)).Ok);

        bell.Signal();

        Assert.True(bell.Drain());
    }

    [Fact]
    public void Signalling_a_closed_one_does_nothing()
    {
        var bell = new EventDescriptor();
        bell.Dispose();

        bell.Signal();
        Assert.False(bell.Drain());
    }
}
