using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Processes;

namespace Fairlead.Cli.Tests.Commands;

public sealed class SignalTests : IDisposable
{
    private const string Nobody = "8388608";

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Signal_lists_the_signals_of_the_machine()
    {
        var listed = await _home.RunAsync("signal", "--list");
        Assert.True(listed is { ExitCode: 0, Error: "" }, listed.ToString());
        Assert.Equal("1\tSIGHUP", listed.Lines[0]);
        Assert.Contains("15\tSIGTERM", listed.Lines);
        Assert.Contains(listed.Lines, static line => line.EndsWith("\tSIGRTMIN+1", StringComparison.Ordinal));
        var json = await _home.RunAsync("signal", "--list", "--output", "json");
        Assert.Equal("""{"number":1,"name":"SIGHUP"}""", json.Lines[0]);
        var both = await _home.RunAsync("signal", "1", "--list");
        Assert.True(both.ExitCode == 2, both.ToString());
        var neither = await _home.RunAsync("signal");
        Assert.True(neither.ExitCode == 2, neither.ToString());
    }

    [Fact]
    public async Task Probe_prints_an_identity_by_which_a_process_can_be_terminated()
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox");
        var probed = await _home.RunAsync("signal", "--probe", $"{receiver.Id}");
        Assert.True(probed is { ExitCode: 0, Error: "" }, probed.ToString());
        string identity = Assert.Single(probed.Lines).Split('\t')[0];
        Assert.Equal(ProcessIdentity.Of(receiver.Id).ToString(), identity);
        Assert.Contains("receive unix://inbox", probed.Output, StringComparison.Ordinal);

        var sent = await _home.RunAsync("signal", identity, "TERM");
        Assert.True(sent is { ExitCode: 0, Error: "", Output: "" }, sent.ToString());
        Assert.Equal(143, (await receiver.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_reused_process_number_is_refused_and_no_signal_is_sent()
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox");
        ProcessIdentity real = ProcessIdentity.Of(receiver.Id);
        ProcessIdentity former = real with { Start = real.Start - 1 };
        foreach (string[] arguments in (string[][])
            [
                ["signal", $"{former}", "KILL"],
                ["signal", "--group", $"{former}", "KILL"],
                ["signal", "--probe", $"{former}"],
            ])
        {
            var refused = await _home.RunAsync(arguments);
            Assert.Equal((3, ""), (refused.ExitCode, refused.Output));
            Assert.Contains("its number now belongs to", refused.Error, StringComparison.Ordinal);
        }

        Assert.True(real.IsAlive);
    }

    [Fact]
    public async Task Json_shows_the_sent_signal_and_the_dispositions_of_the_process()
    {
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox");
        var probed = JsonDocument
            .Parse(Assert.Single((await _home.RunAsync("signal", "--probe", $"{receiver.Id}", "--output", "json")).Lines))
            .RootElement;
        Assert.Equal((receiver.Id, false), (probed.GetProperty("pid").GetInt32(), probed.GetProperty("group").GetBoolean()));
        Assert.Contains("SIGTERM", probed.GetProperty("caught").EnumerateArray().Select(static name => name.GetString()));
        Assert.Contains("SIGPIPE", probed.GetProperty("ignored").EnumerateArray().Select(static name => name.GetString()));

        var sent = JsonDocument
            .Parse(Assert.Single((await _home.RunAsync("signal", $"{receiver.Id}", "sigurg", "--value", "-7", "--output", "json")).Lines))
            .RootElement;
        Assert.Equal(("SIGURG", -7), (sent.GetProperty("signal").GetString(), sent.GetProperty("value").GetInt32()));
        Assert.Equal(probed.GetProperty("start").GetInt64(), sent.GetProperty("start").GetInt64());
        Assert.True(Signals.Exists(receiver.Id));
    }

    [Theory]
    [InlineData(3, "process 8388608 does not exist", Nobody, "TERM")]
    [InlineData(3, "process 8388608 does not exist", "--probe", Nobody)]
    [InlineData(3, "process group 8388608 does not exist", "--group", Nobody, "TERM")]
    [InlineData(2, "is not a process", "4242@", "TERM")]
    [InlineData(2, "is not a process", "0", "TERM")]
    [InlineData(2, "'TEMR' is not a signal", "4242", "TEMR")]
    [InlineData(2, "a signal is missing", "4242")]
    [InlineData(2, "0 is not a signal", "4242", "0")]
    [InlineData(2, "leave out the signal", "--probe", "4242", "TERM")]
    [InlineData(2, "--probe sends nothing", "--probe", "4242", "--value", "1")]
    [InlineData(2, "a group cannot be sent a --value", "--group", "4242", "TERM", "--value", "1")]
    [InlineData(2, "process group 1 cannot be used", "--group", "1", "TERM")]
    [InlineData(2, "a number is required. See fairlead signal --help", "4242", "TERM", "--value", "x")]
    public async Task Each_failure_has_its_exit_code_and_an_explanation(int exitCode, string text, params string[] arguments)
    {
        var refused = await _home.RunAsync(["signal", .. arguments]);
        Assert.Equal((exitCode, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(text, refused.Error, StringComparison.Ordinal);
    }
}
