using Fairlead.Conformance;
using Fairlead.Diagnostics;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Registry;

/// <summary>Who lives at an address is told at first, and after each change.</summary>
[SlowRun]
public sealed class EndpointWatchTests(ITestOutputHelper output) : WatchedTest(output)
{
    private readonly Address _place = $"unix://watched-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_watch_reports_endpoints_of_this_process_as_they_open_and_close()
    {
        await using IAsyncEnumerator<IReadOnlyList<EndpointInfo>> watch = EndpointRegistry.WatchAsync(_place).GetAsyncEnumerator();
        Assert.Empty(await NextAsync(watch));
        await using (Publisher publisher = Publisher.Bind(_place))
        {
            Assert.Equal((true, "publisher"), Assert.Single((await NextAsync(watch)).Select(static one => (one.IsBound, one.Kind))));
            await using (Subscriber subscriber = await Subscriber.ConnectAsync(_place, ">"))
            {
                Assert.Equal(["publisher", "subscriber"], (await NextAsync(watch)).Select(static one => one.Kind));
            }

            Assert.Single(await NextAsync(watch));
        }

        Assert.Empty(await NextAsync(watch));
    }

    [Fact]
    public async Task A_watch_reports_the_end_of_a_killed_process_and_its_successor()
    {
        await using IAsyncEnumerator<IReadOnlyList<EndpointInfo>> watch = EndpointRegistry.WatchAsync(_place).GetAsyncEnumerator();
        Assert.Empty(await NextAsync(watch));
        for (int i = 0; i < 3; i++)
        {
            PeerProcess server = Track(PeerProcess.Start("responder", "bind", _place.ToString()));
            await server.AnswerAsync();
            Assert.Equal(server.Id, Assert.Single(await NextAsync(watch)).ProcessId);
            server.KillAndGoOn();
            Assert.Empty(await NextAsync(watch));
        }
    }

    [Fact]
    public async Task A_watch_can_be_cancelled_and_watches_one_address()
    {
        using CancellationTokenSource cancel = new();
        await using IAsyncEnumerator<IReadOnlyList<EndpointInfo>> watch =
            EndpointRegistry.WatchAsync(_place, cancel.Token).GetAsyncEnumerator(CancellationToken.None);
        Assert.Empty(await NextAsync(watch));
        ValueTask<bool> next = watch.MoveNextAsync();
        await using Receiver other = await Receiver.BindAsync($"unix://other-{Guid.NewGuid():N}");
        Assert.False(next.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private static async Task<IReadOnlyList<EndpointInfo>> NextAsync(IAsyncEnumerator<IReadOnlyList<EndpointInfo>> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(60.Seconds()));
        return watch.Current;
    }
}
