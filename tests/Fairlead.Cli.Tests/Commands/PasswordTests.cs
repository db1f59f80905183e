using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

[FullRun(Reason.Variants)]
public sealed class PasswordTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("receive", "amqp:/eve:evepw@host")]
    [InlineData("receive", "ampq://eve:evepw@host/?name=q")]
    [InlineData("send", "amqp//eve:evepw@host", "hello")]
    [InlineData("send", "eve:evepw@host", "hello")]
    [InlineData("serve", "echo", "amqp://eve:evepw@host/?name=q")]
    [InlineData("chat", "pair", "amqp://eve:evepw@host/?name=q", "--turns")]
    [InlineData("matchmaker", "serve", "amqp://eve:evepw@host:port/?name=q")]
    [InlineData("receive", "unix://r", "amqp://eve:evepw@host/?name=q")]
    [InlineData("amqp://eve:evepw@host/?name=q")]
    [InlineData("list", "amqp:eve:evepw@host")]
    public async Task No_error_shows_a_password_of_the_command_line(params string[] words)
    {
        var outcome = await _home.RunAsync(words);
        Assert.NotEqual(0, outcome.ExitCode);
        Assert.NotEmpty(outcome.Error);
        Assert.DoesNotContain("evepw", outcome.Error + outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_listing_shows_a_password_of_a_command_line()
    {
        const string Address = "amqp://eve:evepw@host/?name=q";
        var server = _home.Start("lock", "build", "--", "sh", "-c", "echo in; exec cat", Address);
        Assert.Equal("in", await server.LineAsync());
        await _home.ServeAsync("reply", "unix://r", "--exec", $"cat; : {Address}");
        string[][] commands = [["list", "--output", "json"], ["list"], ["locks", "--output", "json"], ["locks"]];
        foreach (var command in commands)
        {
            var outcome = await _home.RunAsync(command);
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.DoesNotContain("evepw", outcome.Output, StringComparison.Ordinal);

            // A table may cut the program off.
            Assert.True(!command.Contains("json") || outcome.Output.Contains("eve:***@host", StringComparison.Ordinal), outcome.ToString());
        }

        var busy = await _home.RunAsync("lock", "build", "--nonblock", "--", "true");
        Assert.Contains("eve:***@host", busy.Error, StringComparison.Ordinal);
    }
}
