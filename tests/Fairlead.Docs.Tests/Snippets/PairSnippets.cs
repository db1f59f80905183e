using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/pair.md</summary>
public sealed class PairSnippets
{
    [Fact]
    public async Task Both_ends_send_and_receive()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        await using Pair here = await Pair.BindAsync("unix://talk");
        Task<string> there = Task.Run(async () =>
        {
            await using Pair pair = await Pair.ConnectAsync("unix://talk?wait=5s");
            await pair.SendAsync("ready"u8, cancellationToken);
            using Message answer = await pair.ReceiveAsync(5.Seconds(), cancellationToken);
            return answer.Text;
        });

        using Message greeting = await here.ReceiveAsync(5.Seconds());
        Assert.Equal("ready", greeting.Text);
        await here.SendAsync("go"u8);
        Assert.Equal("go", await there);
    }

    [Fact]
    public async Task A_second_peer_is_refused()
    {
        await using Pair bound = await Pair.BindAsync("unix://talk");
        await using Pair first = await Pair.ConnectAsync("unix://talk");
        FairleadException full = await Assert.ThrowsAsync<FairleadException>(async () => await Pair.ConnectAsync("unix://talk"));
        Assert.Equal(ErrorCode.Full, full.Code);
    }

    [Fact]
    public async Task Two_full_ends_still_exchange_receipts()
    {
        await using Pair one = await Pair.BindAsync("unix://talk?messages=1&capacity=4KiB");
        await using Pair other = await Pair.ConnectAsync("unix://talk?messages=1&capacity=4KiB");
        ValueTask<Delivery> forth = one.DeliverAsync(new byte[3000]);
        ValueTask<Delivery> back = other.DeliverAsync(new byte[3000]);
        Assert.Equal(SendResult.Full, one.TrySend([1]));
        Assert.Equal(SendResult.Full, other.TrySend([1]));
        foreach (Pair end in new[] { one, other })
        {
            using Message message = end.Receive(5.Seconds());
            message.Accept();
        }

        Assert.True((await forth).IsDelivered);
        Assert.True((await back).IsDelivered);
    }
}
