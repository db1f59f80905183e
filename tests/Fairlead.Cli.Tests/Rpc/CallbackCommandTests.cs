using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>Members that take an object of their caller, called through the tool.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class CallbackCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private readonly ToolHome _home = new();
    private readonly Press _service = new();
    private RpcServer _server = null!;

    private string Address => $"unix://{_home.Work}/press";

    public async ValueTask InitializeAsync() => _server = await Fairlead.Rpc.Rpc.ServeAsync<IPress>(Address, _service);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Callbacks_are_printed_before_the_result()
    {
        Outcome called = await _home.RunAsync("call", Address, "Print", "{\"copies\":2}");
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal(
            [
                """{"callback":"reader","member":"ArrivedAsync","arguments":[1,{"Item":"page \"1\"","Price":1}]}""",
                """{"callback":"reader","member":"Told","arguments":["told 1"]}""",
                """{"callback":"reader","member":"ArrivedAsync","arguments":[2,{"Item":"page \"2\"","Price":2}]}""",
                """{"callback":"reader","member":"Told","arguments":["told 2"]}""",
                "2",
            ],
            called.Lines);
    }

    [Theory]
    [InlineData("IsNull", "[null]", "true\n")]
    [InlineData("IsNull", null, "false\n")]
    [InlineData("IsNull", "[{}]", "false\n")]
    [InlineData("Judge", "{\"reader\":{\"judgeasync\":\"Fine\"}}", """
        {"callback":"reader","member":"JudgeAsync","arguments":[{"Name":"a","Next":null}]}
        1

        """)]
    [InlineData("Sum", "[{\"PagesAsync\":[1,2,3]}]", """
        {"callback":"reader","member":"PagesAsync","arguments":[]}
        6

        """)]
    [InlineData("Work", null, """
        {"callback":"progress","member":"Report","arguments":["Raw"]}
        {"callback":"progress","member":"Report","arguments":["Fine"]}
        2

        """)]
    [InlineData("Weigh", "[{\"WeighAsync\":7}]", """
        {"callback":"reader","member":"WeighAsync","arguments":[null]}
        7

        """)]
    public async Task Arguments_define_the_answers_to_callbacks(string member, string? json, string output)
    {
        Outcome called = await _home.RunAsync([.. new[] { "call", Address, member }, .. json is null ? Array.Empty<string>() : [json]]);
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal(output, called.Output);
    }

    [Fact]
    public async Task A_callback_without_an_answer_fails_at_the_service()
    {
        FailureWaiter waiter = new(_server);
        Outcome called = await _home.RunAsync("call", Address, "Judge");
        Assert.True(called.ExitCode == 64 && called.Lines.Length == 1, called.ToString());
        const string Text = "fairlead call has no answer to JudgeAsync: pass one in its arguments, {\"reader\":{\"JudgeAsync\":…}}";
        Assert.Contains(Text, called.Error, StringComparison.Ordinal);
        Assert.Equal(Text, (await waiter.Failure.WaitAsync(Watchdog)).Message);
    }

    [Theory]
    [InlineData("Judge", "[null]", "$.reader: null is not an object that is called back")]
    [InlineData("Judge", "[3]", "$.reader: 3 is not an object of answers")]
    [InlineData("Judge", "[{\"Nothing\":1}]", "$.reader: 'Nothing' is not a member that is called back. There is ArrivedAsync, Told")]
    [InlineData("Judge", "[{\"Told\":1}]", "$.reader.Told: Told has no result")]
    [InlineData("Judge", "[{\"JudgeAsync\":\"x\"}]", "$.reader.JudgeAsync: \"x\" is not a name of Grade, or an integer")]
    [InlineData("Judge", "[{\"PagesAsync\":[1,true]}]", "$.reader.PagesAsync[1]: true is not an integer")]
    public async Task An_invalid_callback_answer_exits_2(string member, string json, string part)
    {
        Outcome called = await _home.RunAsync("call", Address, member, json);
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains(part, called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_with_stay_prints_callbacks_until_it_is_interrupted()
    {
        ToolProcess call = _home.Start("call", Address, "Subscribe", "--stay");
        IReader reader = await _service.Subscriber.Task.WaitAsync(Watchdog);
        await reader.ArrivedAsync(5, new Line("late", 1));
        Assert.Equal(
            """{"callback":"reader","member":"ArrivedAsync","arguments":[5,{"Item":"late","Price":1}]}""", await call.LineAsync());
        await call.SignalAsync("INT");
        Outcome called = await call.ExitAsync();
        Assert.True(called is { ExitCode: 130, Output: "", Error: "" }, called.ToString());
    }

    [Fact]
    public async Task Call_with_stay_exits_6_when_the_server_ends()
    {
        ToolProcess call = _home.Start("call", Address, "Subscribe", "--stay");
        IReader reader = await _service.Subscriber.Task.WaitAsync(Watchdog);
        await reader.ArrivedAsync(5, new Line("late", 1));
        await call.LineAsync();
        await _server.DisposeAsync();
        Outcome called = await call.ExitAsync();
        Assert.True(called is { ExitCode: 6, Output: "" }, called.ToString());
    }

    [Fact]
    public async Task A_reader_that_closes_the_pipe_ends_the_call()
    {
        Outcome called = await _home
            .StartShell($"fairlead call {Address} TellForever | head -n 1 | wc -l; echo ${{PIPESTATUS[0]}}")
            .EndAsync();
        Assert.True(called is { Output: "1\n0\n", Error: "" }, called.ToString());
        await _service.Ended.Task.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_call_handles_callbacks_and_streams_together()
    {
        ToolProcess call = _home.Start("call", Address, "Steps");
        await call.SayAsync("1");
        Assert.Equal("""{"callback":"reader","member":"ArrivedAsync","arguments":[1,{"Item":"","Price":1}]}""", await call.LineAsync());
        Assert.Equal("2", await call.LineAsync());
        Assert.Equal(0, (await call.EndAsync()).ExitCode);
    }

    private sealed class FailureWaiter
    {
        private readonly TaskCompletionSource<Exception> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FailureWaiter(RpcServer server) => server.HandlerFailed += (_, failure) => _failure.TrySetResult(failure.Exception);

        public Task<Exception> Failure => _failure.Task;
    }
}
