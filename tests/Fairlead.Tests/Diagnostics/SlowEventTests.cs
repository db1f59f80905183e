using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Diagnostics;

public sealed class SlowEventTests
{
    [Fact]
    public async Task A_peer_for_which_messages_wait_is_named_at_most_once_a_second()
    {
        ManualClock clock = new();
        await using Receiver receiver = await Receiver.BindAsync($"inproc://slow-{Guid.NewGuid():N}?messages=2");
        Sender sender = await Sender.ConnectAsync(receiver.Address.WithoutOptions(), new EndpointOptions { TimeProvider = clock });
        using WarningListener listener = new("Slow", sender.Address.Display);
        List<Task> sending = [];
        Send(2);
        clock.Advance(TimeSpan.Zero);
        Assert.Empty(listener.Counts);

        Send(1);
        clock.Advance(TimeSpan.Zero);
        Assert.Equal([1], listener.Counts);
        Send(2);
        clock.Advance(999.Milliseconds());
        Assert.Equal([1], listener.Counts);
        clock.Advance(1.Milliseconds());
        Assert.Equal([1, 3], listener.Counts);

        // Operations that have ended do not count.
        for (int i = 0; i < 5; i++)
        {
            (await receiver.ReceiveAsync()).Dispose();
        }

        await Task.WhenAll(sending);
        clock.Advance(10.Seconds());
        Assert.Equal([1, 3], listener.Counts);
        sender.Dispose();

        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sending.Add(sender.SendAsync("x"u8).AsTask());
            }
        }
    }
}
