using Fairlead.Conformance;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>An idle connection costs nothing per iteration: no work walks over all links while none joins or leaves.</summary>
[SlowRun]
public sealed class IdleLinkTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Idle = 20;

    private readonly UnixNameUnderTest _transport = new();

    [Fact]
    public async Task Calls_walk_over_no_idle_links()
    {
        Responder responder = Track(await Responder.BindAsync(_transport.NewPlace()));
        await ConnectIdleAsync(() => Requester.ConnectAsync(responder.Address));
        Requester requester = Track(await Requester.ConnectAsync(responder.Address));
        Task serving = OnThread(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                using Request request = responder.Receive();
                request.Reply(request.Span);
            }
        });
        for (int i = 0; i < 100; i++)
        {
            using Message reply = requester.Request([1]);
        }

        await serving;
        AssertNoWalk(responder.Core, Idle + 1);
    }

    /// <summary>The deferred work acknowledges: a quarter of the window is not consumed.</summary>
    [Fact]
    public async Task Acknowledging_walks_over_no_idle_links()
    {
        Receiver receiver = Track(await Receiver.BindAsync(_transport.NewPlace()));
        await ConnectIdleAsync(() => Sender.ConnectAsync(receiver.Address));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address));
        for (int i = 0; i < 3; i++)
        {
            await sender.SendAsync(new byte[] { 1 });
            (await receiver.ReceiveAsync()).Dispose();
            await Polling.Until(() => sender.Core.Placement.SingleLink!.LinkSender.Window.Outstanding == 0);
        }

        AssertNoWalk(receiver.Core, Idle + 1);
    }

    /// <summary>Their buffered requests leave before the caller waits.</summary>
    [Fact]
    public async Task Deferred_links_that_are_removed_in_any_order_are_written_once()
    {
        Responder responder = Track(await Responder.BindAsync(_transport.NewPlace(), new() { WriteMode = WriteMode.Buffered }));
        List<Task<Message>> replies = [];
        List<Requester> requesters = [];
        for (int i = 0; i < Idle; i++)
        {
            requesters.Add(Track(await Requester.ConnectAsync(responder.Address)));
        }

        for (int round = 0; round < 5; round++)
        {
            foreach (Requester requester in requesters)
            {
                replies.Add(requester.RequestAsync(new byte[] { (byte)round }).AsTask());
            }

            for (int i = 0; i < Idle; i++)
            {
                using Request request = await responder.ReceiveAsync();
                request.Reply(request.Span);
            }
        }

        // Waits, which writes what was deferred.
        Task<Request> none = responder.ReceiveAsync().AsTask();
        foreach (Task<Message> reply in replies)
        {
            (await reply).Dispose();
        }

        Assert.False(responder.Core.Table.HasDeferred);
        Assert.False(none.IsCompleted);
    }

    [Fact]
    public async Task Peers_that_disconnect_together_are_all_noticed_and_removed()
    {
        Receiver receiver = Track(await Receiver.BindAsync(_transport.NewPlace()));
        List<Sender> senders = [];
        for (int i = 0; i < Idle; i++)
        {
            senders.Add(Track(await Sender.ConnectAsync(receiver.Address)));
            await senders[i].SendAsync(new byte[] { (byte)i });
        }

        Task[] closing = [.. senders.Select(static sender => sender.CloseAsync(TimeSpan.FromSeconds(30)).AsTask())];
        for (int i = 0; i < Idle; i++)
        {
            (await receiver.ReceiveAsync()).Dispose();
        }

        await Task.WhenAll(closing);
        await Polling.Until(() => receiver.Core.Table.Count == 0 && receiver.Core.UpCount == 0);
    }

    [Fact]
    public async Task The_pump_ends_only_the_links_that_failed_on_another_thread()
    {
        Receiver receiver = Track(await Receiver.BindAsync(_transport.NewPlace()));
        await ConnectIdleAsync(() => Sender.ConnectAsync(receiver.Address));
        await Polling.Until(() => receiver.Core.UpCount == Idle);
        Link[] all = receiver.Core.Table.All;
        foreach (Link link in (Link[])[all[3], all[7], all[11]])
        {
            link.Fail(new InvalidOperationException("for the test"));
        }

        await Polling.Until(() => receiver.Core.UpCount == Idle - 3);
        Assert.Equal(3, all.Count(static link => link.State == LinkState.Down));
    }

    private async Task ConnectIdleAsync<T>(Func<ValueTask<T>> connect)
        where T : class, IAsyncDisposable
    {
        for (int i = 0; i < Idle; i++)
        {
            Track(await connect());
        }
    }

    private static void AssertNoWalk(EndpointCore core, int count)
    {
        Assert.Equal(count, core.Table.Count);
        Assert.False(core.Table.HasSnapshot);
    }
}
