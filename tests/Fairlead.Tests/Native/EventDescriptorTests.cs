using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class EventDescriptorTests
{
    [Fact]
    public void Several_signals_count_as_one()
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
    public void A_signal_at_the_maximum_count_stays_set_and_does_not_block()
    {
        using var bell = new EventDescriptor();
        Assert.True(bell.Descriptor.Write(BitConverter.GetBytes(ulong.MaxValue - 1)).Ok);

        bell.Signal();

        Assert.True(bell.Drain());
    }

    [Fact]
    public void Signalling_a_closed_event_descriptor_does_nothing()
    {
        var bell = new EventDescriptor();
        bell.Dispose();

        bell.Signal();
        Assert.False(bell.Drain());
    }
}
