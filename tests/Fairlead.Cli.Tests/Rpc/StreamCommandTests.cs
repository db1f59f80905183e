using System.Threading.Channels;
using Fairlead.Cli.Rpc;
using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>Members with streams, called through the tool.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class StreamCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private readonly ToolHome _home = new();
    private readonly Feed _service = new();
    private RpcServer _server = null!;

    private string Address => $"unix://{_home.Work}/feed";

    public async ValueTask InitializeAsync() => _server = await Fairlead.Rpc.Rpc.ServeAsync<IFeed>(Address, _service);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Items_are_printed_as_they_arrive()
    {
        ToolProcess call = _home.Start("call", Address, "Follow");
        await _service.Lines.Writer.WriteAsync(new Line("nut", 0.10m));
        Assert.Equal("{\"Item\":\"nut\",\"Price\":0.10}", await call.LineAsync());
        await _service.Lines.Writer.WriteAsync(new Line("bolt", 2));
        Assert.Equal("{\"Item\":\"bolt\",\"Price\":2}", await call.LineAsync());
        _service.Lines.Writer.Complete();
        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "", Error: "" }, called.ToString());
    }

    [Fact]
    public async Task An_interrupted_call_ends_the_producer()
    {
        ToolProcess call = _home.Start("call", Address, "Follow");
        await _service.Lines.Writer.WriteAsync(new Line("nut", 1));
        await call.LineAsync();
        await call.SignalAsync("INT");
        Outcome called = await call.ExitAsync();
        Assert.True(called is { ExitCode: 130, Error: "" }, called.ToString());
        Assert.Equal("follow", await EndedAsync());
    }

    [Fact]
    public async Task A_reader_that_closes_the_pipe_ends_the_producer()
    {
        Outcome called = await _home.StartShell($"fairlead call {Address} Endless | head -n 1; echo ${{PIPESTATUS[0]}}").EndAsync();
        Assert.True(called is { Output: "1\n0\n", Error: "" }, called.ToString());
        Assert.Equal("endless", await EndedAsync());
    }

    [FullRun(Reason.Waits)]
    [Fact]
    public async Task Output_unread_for_longer_than_the_timeout_does_not_end_the_stream()
    {
        ToolProcess call = _home.Start("call", Address, "Count", "[200000]", "--timeout", "10s");
        Assert.Equal("1", await call.LineAsync());

        // For another process, the same time has passed.
        Assert.Equal(124, (await _home.RunAsync("receive", "unix://clock", "--timeout", "10s")).ExitCode);
        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Error: "" }, $"{called.ExitCode}: {called.Error}");
        Assert.Equal("200000", called.Lines[^1]);
    }

    [Fact]
    public async Task Items_before_an_error_are_printed()
    {
        Outcome called = await _home.RunAsync("call", Address, "FailAfter", "[3]");
        Assert.True(called is { ExitCode: 64 + 9, Output: "0\n1\n2\n" }, called.ToString());
        Assert.Contains("answered FailAfterAsync with error 9: enough", called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_prints_100000_items()
    {
        Outcome called = await _home.RunAsync("call", Address, "Count", "[100000]");
        Assert.True(called is { ExitCode: 0, Error: "" }, called.Error);
        Assert.Equal(Enumerable.Range(1, 100_000).Select(static i => $"{i}"), called.Lines);
        Assert.Equal("", (await _home.RunAsync("call", Address, "Count", "[0]")).Output);
    }

    [Fact]
    public async Task Call_sends_100000_items()
    {
        Outcome called = await _home.StartShell($"seq 100000 | fairlead call {Address} Sum").EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "5000050000\n", Error: "" }, called.ToString());
    }

    [Theory]
    [InlineData("Sum", "{\"numbers\":[1,2,3]}", "6\n")]
    [InlineData("Sum", "[[]]", "0\n")]
    [InlineData("Total", "{\"lines\":[{\"Item\":\"a\",\"Price\":1.5},{\"Item\":\"b\",\"Price\":2}],\"item\":\"a\"}", "1.5\n")]
    [InlineData("Shout", "[[\"a\",\"b\"],\"?\"]", "\"A?\"\n\"B?\"\n")]
    [InlineData("Compare", "[[1,2,3],[1,5,3]]", "2\n")]
    public async Task Items_are_read_from_an_array(string member, string json, string result)
    {
        Outcome called = await _home.RunAsync("call", Address, member, json);
        Assert.True(called is { ExitCode: 0, Error: "" } && called.Output == result, called.ToString());
    }

    [Theory]
    [InlineData("Sum", null, "1 2 3", "6\n")]
    [InlineData("Sum", "-", "1  \t 2", "3\n")]
    [InlineData("Sum", "[\"-\"]", "4 5", "9\n")]
    [InlineData("Shout", "{\"mark\":\"?\"}", "\"a\" \"b\"", "\"A?\"\n\"B?\"\n")]
    [InlineData("Shout", "{\"words\":\"-\",\"mark\":\"?\"}", "\"a\"", "\"A?\"\n")]
    [InlineData("Compare", "{\"some\":[7,8]}", "7 9", "1\n")]
    public async Task Items_are_read_from_stdin(string member, string? json, string lines, string result)
    {
        ToolProcess call = _home.Start([.. new[] { "call", Address, member }, .. json is null ? Array.Empty<string>() : [json]]);
        await call.SayAsync(lines.Split(' '));
        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Error: "" } && called.Output == result, called.ToString());
    }

    [Fact]
    public async Task Items_are_sent_and_received_at_the_same_time()
    {
        ToolProcess call = _home.Start("call", Address, "Shout", "--timeout", "2m");
        foreach (string word in (string[])["a", "b", "c"])
        {
            await call.SayAsync($"\"{word}\"");
            Assert.Equal($"\"{word.ToUpperInvariant()}!\"", await call.LineAsync());
        }

        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "", Error: "" }, called.ToString());
    }

    [Theory]
    [InlineData("x", "line 3 of stdin is not JSON, at byte 1: ")]
    [InlineData("true", "line 3 of stdin, $: true is not an integer of 32 bits (i32)")]
    [InlineData("[1", "line 3 of stdin is not JSON")]
    public async Task A_line_that_is_not_an_item_is_reported_with_its_number(string line, string part)
    {
        ToolProcess call = _home.Start("call", Address, "Sum");
        await call.SayAsync("1", "2");

        // A call that fails before the service begins it is not executed, and has no end there.
        Assert.Equal(1, await NextAsync(_service.Added));
        await call.SayAsync(line);
        Outcome called = await call.ExitAsync();
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains(part, called.Error, StringComparison.Ordinal);
        Assert.Equal("sum", await EndedAsync());
    }

    [Fact]
    public async Task Lines_may_begin_with_a_byte_order_mark_and_are_utf8()
    {
        Outcome called = await _home.StartShell($"printf '\\357\\273\\2771\\n2\\n' | fairlead call {Address} Sum").EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "3\n", Error: "" }, called.ToString());
        called = await _home.StartShell($"printf '1\\n\\351\\n' | fairlead call {Address} Sum").EndAsync();
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains("line 2 of stdin is not valid UTF-8: byte 1 is 0xE9", called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_never_ends_is_refused()
    {
        Outcome called = await _home.StartShell($"tr '\\0' 1 < /dev/zero | fairlead call {Address} Sum").EndAsync();
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains("line 1 of stdin is longer than", called.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("; echo")]
    public async Task A_line_that_is_a_little_too_long_is_refused(string end)
    {
        string line = $"(head -c {(64 << 20) + 1} /dev/zero | tr '\\0' 1{end})";
        Outcome called = await _home.StartShell($"{line} | fairlead call {Address} Sum").EndAsync();
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains($"line 1 of stdin is longer than {64 << 20} bytes", called.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sum", "[3]", "$.numbers: 3 is not an array of items, nor \"-\" for stdin")]
    [InlineData("Sum", "[[1,null]]", "$.numbers[1]: null is not an integer")]
    [InlineData("Total", "{\"lines\":[]}", "the argument 'item' is missing")]
    [InlineData("Compare", null, "only one of the streams 'some' and 'others' can be read from stdin")]
    public async Task Arguments_that_do_not_fit_exit_2(string member, string? json, string part)
    {
        Outcome called = await _home.RunAsync([.. new[] { "call", Address, member }, .. json is null ? Array.Empty<string>() : [json]]);
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains(part, called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_stops_reading_ends_the_call()
    {
        Outcome called = await _home.StartShell($"yes 7 2>&- | fairlead call {Address} Take '{{\"count\":5}}'").EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "7\n", Error: "" }, called.ToString());
    }

    [FullRun(Reason.Waits)]
    [Fact]
    public async Task Call_exits_124_if_an_item_does_not_arrive_in_time()
    {
        Outcome called = await _home.RunAsync("call", Address, "Follow", "--timeout", "5s");
        Assert.True(called is { ExitCode: 124, Output: "" }, called.ToString());
        Assert.Contains("FollowAsync brought no further item within", called.Error, StringComparison.Ordinal);
        Assert.Equal("follow", await EndedAsync());
    }

    [Fact]
    public async Task The_time_limit_of_items_begins_after_the_last_upload()
    {
        using ItemLimit limit = new(TimeSpan.FromMilliseconds(1), 2, CancellationToken.None);
        TaskCompletionSource passed = new();
        using CancellationTokenRegistration registration = limit.Token.Register(passed.SetResult);
        limit.EndUpload();
        limit.Restart();
        Assert.False(limit.Token.IsCancellationRequested);
        limit.EndUpload();
        await passed.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_server_that_dies_ends_the_call()
    {
        ToolProcess server = _home.StartProgram(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Fairlead.Rpc.Peer.dll"), "serve", "work", Path.Combine(_home.Work, "log")]);
        Assert.Equal("ready", await server.LineAsync());
        ToolProcess down = _home.Start("call", "work", "Endless");
        ToolProcess up = _home.Start("call", "work", "Upload");
        await up.SayAsync("\"AAAA\"");
        Assert.Equal("0", await down.LineAsync());

        await server.SignalAsync("KILL");
        await server.ExitAsync();

        Outcome downEnd = await down.ExitAsync();
        Outcome upEnd = await up.ExitAsync();
        Assert.True(downEnd.ExitCode == 6 && downEnd.Error.Length > 0, $"{downEnd.ExitCode}: {downEnd.Error}");

        // It may not have begun its call.
        Assert.True(upEnd.ExitCode is 6 or 3 && upEnd.Output.Length == 0, upEnd.ToString());
    }

    private Task<string> EndedAsync() => NextAsync(_service.Ended);

    private static Task<T> NextAsync<T>(Channel<T> channel) => channel.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
}
