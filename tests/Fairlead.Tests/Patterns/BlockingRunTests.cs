namespace Fairlead.Tests.Patterns;

/// <summary>Handlers on the thread that receives.</summary>
public sealed class BlockingRunTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task The_thread_handles_requests_until_it_is_cancelled(string scheme)
    {
        await using Responder responder = await Responder.BindAsync(NewAddress(scheme));
        using CancellationTokenSource stop = new();
        int thread = 0;
        Task run = OnThread(() =>
        {
            thread = Environment.CurrentManagedThreadId;
            responder.Run(
                (request, _) =>
                {
                    Assert.Equal(thread, Environment.CurrentManagedThreadId);
                    return new ValueTask<ReadOnlyMemory<byte>>(request.Memory);
                },
                cancellationToken: stop.Token);
        });
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        for (int i = 0; i < 100; i++)
        {
            using Message reply = requester.Request([(byte)i]);
            Assert.Equal(i, reply.Span[0]);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Watchdog));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ambient_values_that_a_handler_sets_do_not_reach_the_next_handler(bool isBlocking)
    {
        await using Responder responder = await Responder.BindAsync(NewAddress("unix"));
        using CancellationTokenSource stop = new();
        AsyncLocal<string?> local = new();
        Task run = isBlocking
            ? OnThread(() => responder.Run(Handle, cancellationToken: stop.Token))
            : responder.RunAsync(Handle, concurrency: 1, stop.Token);
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        for (int i = 0; i < 3; i++)
        {
            using Message reply = requester.Request("set"u8);
            Assert.Equal("nothing", reply.Text);
            FairleadException failure = Assert.Throws<FairleadException>(() => requester.Request("throw"u8));
            Assert.Equal(ErrorCode.Timeout, failure.Code);
            Assert.EndsWith(": nothing", failure.Message, StringComparison.Ordinal);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Watchdog));

        // Not an asynchronous method, which would restore the context itself.
        ValueTask<ReadOnlyMemory<byte>> Handle(Request request, RequestContext context)
        {
            string seen = local.Value ?? "nothing";
            local.Value = "something";
            return request.Text == "throw"
                ? throw new FairleadException(ErrorCode.Timeout, seen)
                : new ValueTask<ReadOnlyMemory<byte>>(System.Text.Encoding.UTF8.GetBytes(seen));
        }
    }

    [Fact]
    public async Task The_thread_runs_further_handlers_while_fewer_than_the_concurrency_await()
    {
        await using Responder responder = await Responder.BindAsync(NewAddress("unix"));
        using CancellationTokenSource stop = new();
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int handled = 0;
        Task run = OnThread(() => responder.Run(
            async (request, _) =>
            {
                if (request.Span[0] == 'w')
                {
                    await release.Task;
                }

                Interlocked.Increment(ref handled);
                return request.Memory;
            },
            concurrency: 2,
            stop.Token));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        Task<Message> first = requester.RequestAsync("w"u8).AsTask();
        requester.Request("x"u8).Dispose();
        Assert.Equal(1, handled);
        Task<Message> second = requester.RequestAsync("w"u8).AsTask();
        Task<Message> third = requester.RequestAsync("x"u8).AsTask();
        Assert.False(third.IsCompleted);
        release.SetResult();
        foreach (Message reply in await Task.WhenAll(first, second, third).WaitAsync(Watchdog))
        {
            reply.Dispose();
        }

        Assert.Equal(4, handled);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Watchdog));
    }

    [Fact]
    public async Task The_end_of_the_run_waits_for_handlers_that_await()
    {
        await using Responder responder = await Responder.BindAsync(NewAddress("unix"));
        using CancellationTokenSource stop = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task run = OnThread(() => responder.Run(
            async (request, _) =>
            {
                begun.SetResult();
                await release.Task;
                return request.Memory;
            },
            cancellationToken: stop.Token));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        Task<Message> asked = requester.RequestAsync("x"u8).AsTask();
        await begun.Task.WaitAsync(Watchdog);
        await stop.CancelAsync();
        Assert.False(run.IsCompleted);
        release.SetResult();
        (await asked.WaitAsync(Watchdog)).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Watchdog));
    }

    [Fact]
    public async Task An_exception_of_a_handler_does_not_end_the_run()
    {
        await using Responder responder = await Responder.BindAsync(NewAddress("shm"));
        using CancellationTokenSource stop = new();
        TaskCompletionSource<HandlerFailure> reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        responder.HandlerFailed += (_, failure) => reported.TrySetResult(failure);
        Task run = OnThread(() => responder.Run(
            (request, context) => context.Timeout is null
                ? new ValueTask<ReadOnlyMemory<byte>>(request.Memory)
                : throw new InvalidOperationException("no limit is accepted"),
            cancellationToken: stop.Token));
        await using Requester requester = await Requester.ConnectAsync(responder.Address);
        var failed = Assert.Throws<FairleadException>(() => requester.Request("x"u8, TimeSpan.FromMinutes(1)));
        Assert.Equal(ErrorCode.Failed, failed.Code);
        Assert.IsType<InvalidOperationException>((await reported.Task.WaitAsync(Watchdog)).Exception);
        requester.Request("x"u8).Dispose();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Watchdog));
    }

    [Fact]
    public async Task The_run_of_a_connected_responder_ends_with_its_requester()
    {
        Requester requester = await Requester.BindAsync(NewAddress("unix"));
        await using Responder responder = await Responder.ConnectAsync(requester.Address);
        Task run = OnThread(() => responder.Run((request, _) => new ValueTask<ReadOnlyMemory<byte>>(request.Memory)));
        requester.Request("x"u8).Dispose();
        await requester.DisposeAsync();
        await run.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task Arguments_are_checked()
    {
        await using Responder responder = await Responder.BindAsync(NewAddress("inproc"));
        Assert.Throws<ArgumentNullException>(() => responder.Run(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => responder.Run((_, _) => default, concurrency: 0));
    }

    private static Address NewAddress(string scheme) => $"{scheme}://run-{Guid.NewGuid():N}"[..24];

    private static Task OnThread(Action run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
