using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The exit code of a command that has sent everything, when the other end is gone before it has read everything.</summary>
public sealed class DrainingTests : IDisposable
{
    private readonly ToolHome _home = new();

    public static TheoryData<string[], string[]> Ends => new()
    {
        { ["receive", "unix://inbox", "--count", "1"], ["send", "unix://inbox", "-"] },
        { ["subscribe", "unix://inbox", "app.>", "--bind", "--count", "1"], ["publish", "unix://inbox", "app.log", "-", "--connect"] },
    };

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Sender_exits_6_when_the_other_end_leaves_the_last_message_unread(string[] reader, string[] writer)
    {
        var (reading, writing) = await SendTwoAsync(reader, writer);
        await reading.SignalAsync("CONT");

        Assert.Equal("a\n", (await reading.ExitAsync()).Output);
        var outcome = await writing.ExitAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
        Assert.Contains("of 2 messages, 1 were not delivered: the other end is gone", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Sender_exits_6_when_the_other_end_is_killed_with_all_messages_unread(string[] reader, string[] writer)
    {
        var (reading, writing) = await SendTwoAsync(reader, writer);
        await reading.SignalAsync("KILL");

        var outcome = await writing.ExitAsync();
        Assert.True(outcome.ExitCode == 6, outcome.ToString());
        Assert.Contains("of 2 messages, 2 ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(": the other end is gone", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>The reader is stopped until both messages are written, and the writer waits for their acknowledgement.</summary>
    private async Task<(ToolProcess Reading, ToolProcess Writing)> SendTwoAsync(string[] reader, string[] writer)
    {
        var (reading, _) = await _home.ServeAsync(reader);
        var writing = _home.Start([.. writer, "--verbose"]);
        await writing.ErrorLineAsync("connected to ");
        await reading.SignalAsync("STOP");
        await writing.SayAsync("a", "b");
        writing.Close();
        using CancellationTokenSource watchdog = new(TimeSpan.FromMinutes(1));
        string listed;
        do
        {
            listed = (await _home.RunAsync("list", "--all", "--output", "json")).Output;
            Assert.False(watchdog.IsCancellationRequested, $"two messages were not sent:\n{listed}");
        } while (!listed.Contains("\"messagesSent\":2,", StringComparison.Ordinal));

        return (reading, writing);
    }
}
