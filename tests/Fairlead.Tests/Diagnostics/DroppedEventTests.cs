using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Diagnostics;

public sealed class DroppedEventTests
{
    [Fact]
    public async Task The_number_of_drops_is_reported_at_most_once_a_second_and_at_the_end()
    {
        ManualClock clock = new();
        await using Receiver receiver = await Receiver.BindAsync($"inproc://dropped-{Guid.NewGuid():N}?messages=1");
        Sender sender = await Sender.ConnectAsync(
            receiver.Address.WithoutOptions(),
            new EndpointOptions
            {
                OverflowPolicy = OverflowPolicy.DropNewest,
                MaxUnreadMessages = 1,
                TimeProvider = clock,
            });
        using WarningListener listener = new("Dropped", sender.Address.Display);
        Send(2);
        clock.Advance(TimeSpan.Zero);
        Assert.Empty(listener.Counts);

        Send(3);
        clock.Advance(TimeSpan.Zero);
        Assert.Equal([3], listener.Counts);
        Send(4);
        clock.Advance(999.Milliseconds());
        Send(5);
        Assert.Equal([3], listener.Counts);
        clock.Advance(1.Milliseconds());
        Assert.Equal([3, 9], listener.Counts);

        // After a pause the first drop is reported at once.
        clock.Advance(10.Seconds());
        Send(1);
        clock.Advance(TimeSpan.Zero);
        Send(6);
        Assert.Equal([3, 9, 1], listener.Counts);
        sender.Dispose();
        Assert.Equal([3, 9, 1, 6], listener.Counts);
        Assert.All(listener.Subjects, static pattern => Assert.Equal("Sender", pattern));

        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sender.Send("x"u8);
            }
        }
    }
}
