using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Names whose owners live, have died, or never were servers.</summary>
[FullRun(Reason.Variants)]
public sealed class TakeoverTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("unix://calc")]
    [InlineData("unixpacket://calc")]
    public async Task A_name_is_free_immediately_after_its_holder_is_killed(string address)
    {
        var (first, _) = await _home.ServeAsync("reply", address, "--echo");
        await first.SignalAsync("KILL");
        await first.EndAsync();
        var (_, _) = await _home.ServeAsync("reply", address, "--echo");

        var asked = await _home.RunAsync("request", address, "again");

        Assert.True(asked is { ExitCode: 0, Output: "again\n" }, asked.ToString());
    }

    [Theory]
    [InlineData("unix://calc")]
    [InlineData("unixpacket://calc")]
    [InlineData("tcp://127.0.0.1:0")]
    public async Task A_name_that_is_held_exits_4_and_names_the_holder(string place)
    {
        var (first, address) = await _home.ServeAsync("reply", place, "--echo");

        var second = await _home.RunAsync("reply", address, "--echo");

        Assert.True(second.ExitCode == 4, second.ToString());
        Assert.StartsWith($"fairlead: {address} is held by pid {first.Id} (", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_a_socket_stays_unchanged_and_exits_4()
    {
        var path = Path.Combine(_home.Work, "notes");
        await File.WriteAllTextAsync(path, "precious");

        var outcome = await _home.RunAsync("receive", $"unix://{path}");

        Assert.True(outcome.ExitCode == 4, outcome.ToString());
        Assert.Contains(path, outcome.Error, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Receive_releases_its_name_and_exits_128_plus_N_on_a_signal(string signal, int code)
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox");
        await receiver.SignalAsync(signal);

        var outcome = await receiver.EndAsync();

        Assert.True(outcome.ExitCode == code && outcome.Output.Length == 0, outcome.ToString());
        Assert.Empty(Directory.GetFiles(Path.Combine(_home.Runtime, "fairlead", "unix")));
        Assert.Empty(Directory.GetFiles(Path.Combine(_home.Runtime, "fairlead", "endpoints")));
    }

    [Fact]
    public async Task A_sender_that_waits_for_its_input_can_be_interrupted()
    {
        var (_, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", address, "-", "--verbose");
        await sender.ErrorLineAsync("connected to ");
        await sender.SignalAsync("TERM");

        Assert.Equal(143, (await sender.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Send_to_another_pattern_exits_8()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://calc", "--echo");

        var sent = await _home.RunAsync("send", address, "hello");

        Assert.True(sent.ExitCode == 8, sent.ToString());
    }

    [Fact]
    public async Task Receive_exits_7_if_the_sender_already_has_a_receiver()
    {
        var (sender, address) = await _home.ServeAsync("send", "unix://outbox", "-", "--bind");
        var first = _home.Start("receive", address, "--connect", "--verbose");
        await first.ErrorLineAsync("connected to ");

        var second = await _home.RunAsync("receive", address, "--connect");

        Assert.True(second.ExitCode == 7, second.ToString());
        Assert.Equal(0, (await sender.EndAsync()).ExitCode);
        Assert.Equal(0, (await first.EndAsync()).ExitCode);
    }
}
