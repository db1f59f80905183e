using System.Globalization;
using System.Security.Cryptography;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class MessageTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("unix://inbox")]
    [InlineData("unix://@fairlead-test-{0}")]
    [InlineData("unixpacket://inbox")]
    [InlineData("tcp://127.0.0.1:0")]
    public async Task Three_lines_arrive_and_both_ends_exit_0(string place)
    {
        // Abstract names are one for all users of the machine.
        var (receiver, address) = await _home.ServeAsync(
            "receive", string.Format(CultureInfo.InvariantCulture, place, Environment.ProcessId), "--count", "3");
        var sender = _home.Start("send", address, "-");
        await sender.SayAsync("1", "2", "3");

        var sent = await sender.EndAsync();
        var received = await receiver.EndAsync();

        Assert.True(sent is { ExitCode: 0, Output: "", Error: "" }, sent.ToString());
        Assert.True(received is { ExitCode: 0, Output: "1\n2\n3\n" }, received.ToString());
    }

    [Fact]
    public async Task Plain_text_in_a_FIFO_is_reported_once_with_the_remedy()
    {
        var path = Path.Combine(_home.Work, "lines");
        var (receiver, address) = await _home.ServeAsync("receive", $"fifo://{path}");
        foreach (var _ in new[] { 1, 2 })
        {
            await _home.StartShell($"echo hello > '{path}'").EndAsync();
        }

        var told = await receiver.ErrorLineAsync("fairlead: ");
        Assert.Contains("bytes that do not belong to a message of Fairlead", told, StringComparison.Ordinal);
        Assert.Contains("add ?framing=line", told, StringComparison.Ordinal);
        var sent = await _home.RunAsync("send", address, "a message");
        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Equal("a message", await receiver.LineAsync());
        await receiver.SignalAsync("TERM");
        var ended = await receiver.ExitAsync();
        Assert.Single(ended.Error.Split('\n'), static line => line.Contains("do not belong to a message", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Receive_at_a_name_prints_only_data()
    {
        var sender = _home.Start("send", "unix://inbox", "hello", "--wait", "1m");

        var received = await _home.RunAsync("receive", "unix://inbox", "--count", "1");

        Assert.True(received is { ExitCode: 0, Output: "hello\n", Error: "" }, received.ToString());
        Assert.Equal(0, (await sender.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Receive_prints_the_assigned_port_on_stderr()
    {
        var receiver = _home.Start("receive", "tcp://127.0.0.1:0", "--count", "1");

        var line = await receiver.ErrorLineAsync("listening on tcp://127.0.0.1:");

        Assert.NotEqual("0", line.Split(':')[^1]);
        Assert.Equal(0, (await _home.RunAsync("send", line["listening on ".Length..], "hello")).ExitCode);
        Assert.Equal("hello\n", (await receiver.EndAsync()).Output);
    }

    [Fact]
    public async Task Any_bytes_of_a_file_arrive_as_one_message()
    {
        var content = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "photo"), content);
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--raw", "--count", "1");

        var sending = _home.RunAsync("send", address, "--file", "photo", "--deliver");
        using var received = new MemoryStream();
        await receiver.Output.CopyToAsync(received);

        Assert.Equal(content, received.ToArray());
        Assert.Equal(0, (await sending).ExitCode);
        Assert.Equal(0, (await receiver.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Empty_lines_long_lines_and_a_last_line_without_newline_are_messages()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--count", "4");
        var sender = _home.Start("send", address, "-");
        var text = $"{new string('x', 200_000)}\n\nü\nlast";
        await sender.Input.WriteAsync(text);

        // Read while it is sent: a receiver whose output is full holds its sender up.
        var (sent, received) = (sender.EndAsync(), receiver.EndAsync());
        Assert.Equal(0, (await sent).ExitCode);
        Assert.Equal($"{text}\n", (await received).Output);
    }

    [Fact]
    public async Task Json_has_text_as_text_and_other_bytes_as_base64()
    {
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "bytes"), [0xFF, 0x00]);
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--output", "json", "--count", "2");
        await _home.RunAsync("send", address, "Grüße \"an\" alle");
        await _home.RunAsync("send", address, "--file", "bytes");

        var lines = (await receiver.EndAsync()).Lines;

        Assert.StartsWith("""{"text":"Grüße \"an\" alle","bytes":17,""", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("""{"base64":"/wA=","bytes":2,""", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Either_end_may_bind()
    {
        var (sender, address) = await _home.ServeAsync("send", "unix://outbox", "hello", "--bind");

        var received = await _home.RunAsync("receive", address, "--connect");

        Assert.True(received is { ExitCode: 0, Output: "hello\n" }, received.ToString());
        Assert.Equal(0, (await sender.EndAsync()).ExitCode);
    }

    [NeedsProgramFact("nc")]
    public async Task Programs_without_Fairlead_send_lines()
    {
        var path = Path.Combine(_home.Work, "lines");
        var (receiver, _) = await _home.ServeAsync("receive", $"unix://{path}?framing=line", "--count", "2");

        var sent = await _home.StartShell($"printf 'a\\nb\\n' | nc -U -N '{path}'").EndAsync();

        Assert.True(sent.ExitCode == 0, sent.ToString());
        var received = await receiver.EndAsync();
        Assert.True(received is { ExitCode: 0, Output: "a\nb\n" }, received.ToString());
    }

    [Fact]
    public async Task Receive_exits_0_when_its_output_is_closed()
    {
        var server = _home.StartShell("set -o pipefail; fairlead receive unix://inbox --verbose | head -n 1");
        await server.ErrorLineAsync("listening on ");

        // Until the receiver finds that its output is closed.
        await _home.StartShell("while fairlead send --deliver unix://inbox line; do :; done").EndAsync();

        var received = await server.EndAsync();
        Assert.True(received is { ExitCode: 0, Output: "line\n", Error: "listening on unix://inbox\n" }, received.ToString());
    }
}
