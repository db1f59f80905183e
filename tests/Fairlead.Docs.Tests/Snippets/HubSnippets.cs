using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/hub.md</summary>
public sealed class HubSnippets : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _logged = [];
    private readonly TaskCompletionSource _hasLogged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_hub_gets_events_when_clients_join_send_and_leave()
    {
        CancellationToken cancellationToken = _stop.Token;
        Task serving = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using var hub = await Hub.BindAsync("unix://chat", new() { MaxClients = 10 });
            await foreach (HubEvent happened in hub.Events(cancellationToken))
            {
                switch (happened)
                {
                    case HubEvent.Joined joined:
                        await hub.SendAsync(joined.Client, $"you are number {joined.Client.Number}", cancellationToken);
                        break;
                    case HubEvent.Said said:
                        await hub.BroadcastAsync(said.Message, except: said.Client);
                        break;
                    case HubEvent.Left left:
                        Log($"{left.Client} left: {left.Reason}");
                        break;
                }
            }
        });

        await using Pair first = await Pair.ConnectAsync("unix://chat?wait=5s");
        Assert.Equal("you are number 1", Receive(first));
        await using Pair second = await Pair.ConnectAsync("unix://chat");
        Assert.Equal("you are number 2", Receive(second));
        await second.SendAsync("hello"u8);
        Assert.Equal("hello", Receive(first));
        await second.CloseAsync(5.Seconds());
        await first.SendAsync("end"u8);
        await _hasLogged.Task;
        await _stop.CancelAsync();
        await serving;
        Assert.Equal(["client 2 left: ClosedByPeer"], _logged);
    }

    [Fact]
    public async Task A_broadcast_disconnects_a_client_that_does_not_read()
    {
        using Hub hub = Hub.Bind("unix://chat");
        await using Pair pair = await Pair.ConnectAsync("unix://chat?messages=2");
        HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent(5.Seconds()));
        Assert.Equal([1, 1, 0], [hub.Broadcast([1]), hub.Broadcast([2]), hub.Broadcast([3])]);
        HubEvent.Left left = Assert.IsType<HubEvent.Left>(hub.NextEvent(5.Seconds()));
        Assert.Equal(CloseReason.SlowConsumer, left.Reason);
        Assert.Same(joined.Client, left.Client);

        // The client can still read earlier messages.
        using (Message one = pair.Receive(5.Seconds()))
        {
            Assert.Equal(1, one.Span[0]);
        }

        using (Message two = pair.Receive(5.Seconds()))
        {
            Assert.Equal(2, two.Span[0]);
        }

        FairleadException gone = Assert.Throws<FairleadException>(() => pair.Receive(5.Seconds()));
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
        Assert.Contains("too slowly", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_numbers_are_not_reused()
    {
        using Hub hub = Hub.Bind("unix://chat", new HubOptions { MaxClients = 1 });
        using (Pair first = await Pair.ConnectAsync("unix://chat"))
        {
            Assert.Equal(1, Assert.IsType<HubEvent.Joined>(hub.NextEvent(5.Seconds())).Client.Number);
            FairleadException full = await Assert.ThrowsAsync<FairleadException>(async () => await Pair.ConnectAsync("unix://chat"));
            Assert.Equal(ErrorCode.Full, full.Code);
        }

        Assert.IsType<HubEvent.Left>(hub.NextEvent(5.Seconds()));
        using Pair second = await Pair.ConnectAsync("unix://chat");
        Assert.Equal(2, Assert.IsType<HubEvent.Joined>(hub.NextEvent(5.Seconds())).Client.Number);
        Assert.Null(hub.Client(1));
        Assert.NotNull(hub.Client(2));
    }

    private static string Receive(Pair pair)
    {
        using Message message = pair.Receive(5.Seconds());
        return message.Text;
    }

    private void Log(string text)
    {
        _logged.Add(text);
        _hasLogged.TrySetResult();
    }
}
