using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The sender's report when a message does not arrive.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class DeliveryTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Send_exits_0_when_the_receiver_accepts_the_message()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--count", "1");

        var sent = await _home.RunAsync("send", "--deliver", "--timeout", "2m", address, "hello");

        Assert.True(sent is { ExitCode: 0, Error: "" }, sent.ToString());
        Assert.Equal("hello\n", (await receiver.EndAsync()).Output);
    }

    [Fact]
    public async Task Send_exits_3_if_no_endpoint_listens()
    {
        var sent = await _home.RunAsync("send", "--deliver", "--timeout", "1s", "unix://nobody", "hello");

        Assert.True(sent.ExitCode == 3, sent.ToString());
        Assert.StartsWith("fairlead: unix://nobody: no endpoint listens there (searched /", sent.Error, StringComparison.Ordinal);
        Assert.Single(sent.Error.Trim().Split('\n'));
    }

    [Fact]
    public async Task Send_exits_124_if_the_receiver_is_stopped()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        await receiver.SignalAsync("STOP");

        var sent = await _home.RunAsync("send", "--deliver", "--timeout", "1s", address, "hello");

        Assert.True(sent.ExitCode == 124, sent.ToString());
        Assert.StartsWith("fairlead: unix://inbox: ", sent.Error, StringComparison.Ordinal);
        Assert.Contains("within 1 s", sent.Error, StringComparison.Ordinal);
        await receiver.SignalAsync("CONT");
    }

    [Fact]
    public async Task Send_exits_124_with_a_delivery_error_if_the_receiver_stops_after_the_handshake()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", "--deliver", "--wait", "2m", "--timeout", "1s", address, "-", "--verbose");
        await sender.ErrorLineAsync("connected to ");
        await receiver.SignalAsync("STOP");
        await sender.SayAsync("hello");

        var sent = await sender.EndAsync();

        Assert.True(sent.ExitCode == 124, sent.ToString());
        Assert.Contains("delivered: ", sent.Error, StringComparison.Ordinal);
        await receiver.SignalAsync("CONT");
    }

    [Fact]
    public async Task Send_exits_6_with_unknown_outcome_if_the_receiver_dies_holding_the_message()
    {
        // More than a pipe holds: the receiver has the message, and cannot print it while its output is full.
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "large"), new byte[1_000_000]);
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", "--deliver", address, "--file", "large");
        await receiver.Output.ReadExactlyAsync(new byte[1]);
        await receiver.SignalAsync("KILL");

        var sent = await sender.EndAsync();

        Assert.True(sent.ExitCode == 6, sent.ToString());
        Assert.Contains("unknown", sent.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_exits_6_and_counts_unread_messages_if_the_receiver_is_killed()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", address, "-");
        await sender.SayAsync("first");
        Assert.Equal("first", await receiver.LineAsync());
        await receiver.SignalAsync("STOP");
        await sender.SayAsync("second", "third");
        var ending = sender.EndAsync();
        await receiver.SignalAsync("KILL");

        var sent = await ending;

        Assert.True(sent.ExitCode == 6, sent.ToString());
        Assert.Single(sent.Error.Trim().Split('\n'));
    }

    [Fact]
    public async Task Send_exits_124_and_counts_unacknowledged_messages_when_it_closes()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", "--wait", "2m", "--timeout", "1s", address, "-");
        await sender.SayAsync("first");
        Assert.Equal("first", await receiver.LineAsync());
        await receiver.SignalAsync("STOP");
        await sender.SayAsync("second", "third");

        var sent = await sender.EndAsync();

        Assert.True(sent.ExitCode == 124, sent.ToString());

        // The acknowledgement of the first may have been cut off too.
        Assert.Matches("of 3 messages, [23] (are in doubt|were not delivered): not acknowledged within 1 s", sent.Error);
        await receiver.SignalAsync("CONT");
    }

    [Fact]
    public async Task Send_exits_6_if_the_receiver_leaves_before_the_last_message()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--count", "1");
        var sender = _home.Start("send", "--deliver", address, "-");
        await sender.SayAsync("first");
        Assert.Equal("first\n", (await receiver.EndAsync()).Output);
        await sender.SayAsync("second");

        var sent = await sender.EndAsync();

        Assert.True(sent.ExitCode == 6, sent.ToString());
    }
}
