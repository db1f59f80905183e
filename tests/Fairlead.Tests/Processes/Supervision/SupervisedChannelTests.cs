using Fairlead.Processes;
using static Fairlead.Tests.Processes.Supervision.Supervised;

namespace Fairlead.Tests.Processes.Supervision;

public sealed class SupervisedChannelTests
{
    /// <summary>A child that sends back each line of its channel.</summary>
    private static SupervisedChild Echo(string name) =>
        Script(name, "cat <&3 >&3") with { Process = new() { Channel = ChannelKind.Duplex }, RestartLimit = 1000 };

    [Fact]
    public async Task Each_process_of_a_child_has_a_channel_that_is_handed_out_by_name()
    {
        await using Supervised supervised = new([Echo("a"), Echo("b")]);
        for (int i = 0; i < 3; i++)
        {
            foreach (string name in new[] { "a", "b" })
            {
                await using Pair pair = await ConnectAsync(supervised, name);
                await EchoAsync(pair, $"{name}{i}");
                supervised.Kill(name);
            }
        }
    }

    [Fact]
    public async Task One_caller_gets_a_channel_and_a_cancelled_caller_gets_none()
    {
        await using Supervised supervised = new([Echo("a")]);
        Address first = await supervised.Supervisor.ChannelAsync("a");
        using CancellationTokenSource leaving = new();
        Task<Address> left = supervised.Supervisor.ChannelAsync("a", leaving.Token);
        Task<Address> second = supervised.Supervisor.ChannelAsync("a");
        Task<Address> third = supervised.Supervisor.ChannelAsync("a");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        supervised.Kill("a");

        // The first one was not opened, and its number is free again when the second one is handed out.
        await using Pair pair = await Pair.ConnectAsync((await second).With("framing", "line"));
        await EchoAsync(pair, "second");
        Assert.False(third.IsCompleted);
        supervised.Kill("a");
        await using Pair last = await Pair.ConnectAsync((await third).With("framing", "line"));
        await EchoAsync(last, "third");
        Assert.Equal("fd", first.Scheme);
    }

    [Fact]
    public async Task Waiting_for_a_channel_ends_when_the_child_is_given_up()
    {
        await using Supervised supervised =
            new([Script("a", "exit 3") with { Process = new() { Channel = ChannelKind.Duplex }, RestartLimit = 1 }]);

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () =>
        {
            while (true)
            {
                await supervised.Supervisor.ChannelAsync("a");
            }
        });

        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("the child 'a' was given up: it failed 2 times within 60 s", error.Message, StringComparison.Ordinal);
        await supervised.EndAsync();
        Assert.Contains("GivenUp a", supervised.Seen());
    }

    [Fact]
    public async Task Waiting_for_a_channel_ends_with_the_supervisor_and_throws_for_a_child_without_one()
    {
        await using Supervised supervised = new([Echo("a"), Lasting("mute")]);
        await supervised.Supervisor.ChannelAsync("a");
        Task<Address> waiting = supervised.Supervisor.ChannelAsync("a");
        await Assert.ThrowsAsync<InvalidOperationException>(() => supervised.Supervisor.ChannelAsync("mute"));
        Assert.Equal(
            ErrorCode.NotFound,
            (await Assert.ThrowsAsync<FairleadException>(() => supervised.Supervisor.ChannelAsync("other"))).Code);

        await supervised.EndAsync();

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<FairleadException>(() => waiting)).Code);
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(() => supervised.Supervisor.ChannelAsync("a"));
        Assert.Equal(ErrorCode.Unavailable, late.Code);
    }

    private static async Task<Pair> ConnectAsync(Supervised supervised, string name) =>
        await Pair.ConnectAsync((await supervised.Supervisor.ChannelAsync(name)).With("framing", "line"));

    private static async Task EchoAsync(Pair pair, string text)
    {
        await pair.SendAsync(text);
        using Message message = await pair.ReceiveAsync();
        Assert.Equal(text, message.Text);
    }
}
