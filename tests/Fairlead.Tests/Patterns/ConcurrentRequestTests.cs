using Fairlead.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>Many awaited requests at once: which loop of a responder answers them, and what their tasks say.</summary>
[SlowRun]
public sealed class ConcurrentRequestTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Callers = 8;

    /// <summary>Each loop has a context. In turn they would come back only after all others.</summary>
    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task A_loop_that_finished_a_request_handles_the_next_one_although_other_loops_wait()
    {
        RequestContext? last = null;
        bool isSameAgain = false;
        (Requester requester, Responder responder, Task serving) = await OpenAsync((request, context) =>
        {
            isSameAgain |= ReferenceEquals(Interlocked.Exchange(ref last, context), context);
            return new ValueTask<ReadOnlyMemory<byte>>(request.Memory);
        });
        while (!Volatile.Read(ref isSameAgain))
        {
            await AskAsync(requester);
        }

        await EndAsync(responder, serving);
    }

    /// <summary>The others are there for that: a request behind one whose handler awaits or blocks does not wait for it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_loop_handles_a_request_that_follows_a_long_one(bool blocks)
    {
        using SemaphoreSlim isReleased = new(0);
        (Requester requester, Responder responder, Task serving) = await OpenAsync(async (request, _) =>
        {
            if (request.Text == "lasts" && blocks)
            {
                isReleased.Wait();
            }
            else if (request.Text == "lasts")
            {
                await isReleased.WaitAsync();
            }

            return request.Memory;
        });
        for (int round = 0; round < 20; round++)
        {
            await AskAsync(requester);
            Task<Message> lasting = requester.RequestAsync("lasts"u8).AsTask();
            await AskAsync(requester);
            Assert.False(lasting.IsCompleted);
            isReleased.Release();
            (await lasting).Dispose();
        }

        await EndAsync(responder, serving);
    }

    [Fact]
    public async Task The_task_of_a_request_that_is_refused_is_faulted()
    {
        (Requester requester, Responder responder, Task serving) = await OpenAsync(
            static (_, _) => throw new FairleadException(ErrorCode.PermissionDenied, "not for you"));
        ValueTask<Message>[] asking = [.. Enumerable.Range(0, Callers).Select(_ => requester.RequestAsync("?"u8))];
        foreach (ValueTask<Message> one in asking)
        {
            await Polling.Until(() => one.IsCompleted);
            Assert.False(one.IsCompletedSuccessfully);
            Assert.True(one.IsFaulted);
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () => await one);
            Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
            Assert.Contains("not for you", refused.Message, StringComparison.Ordinal);
        }

        Task<Message> task = requester.RequestAsync("?"u8).AsTask();
        await Assert.ThrowsAsync<FairleadException>(() => task);
        Assert.True(task.IsFaulted);
        await EndAsync(responder, serving);
    }

    [Fact]
    public async Task The_task_of_a_request_that_is_cancelled_is_cancelled()
    {
        using SemaphoreSlim isReleased = new(0);
        (Requester requester, Responder responder, Task serving) = await OpenAsync(async (request, _) =>
        {
            await isReleased.WaitAsync();
            return request.Memory;
        });
        using CancellationTokenSource end = new();
        Task<Message>[] asking = [.. Enumerable.Range(0, Callers).Select(_ => requester.RequestAsync("?"u8, end.Token).AsTask())];
        await end.CancelAsync();
        foreach (Task<Message> one in asking)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
            Assert.True(one.IsCanceled);
        }

        isReleased.Release(Callers);
        await EndAsync(responder, serving);
    }

    /// <summary>The operation behind it may by then serve another request, which must not be harmed.</summary>
    [Fact]
    public async Task A_task_that_is_awaited_too_early_or_twice_harms_no_other_request()
    {
        using SemaphoreSlim isReleased = new(0);
        (Requester requester, Responder responder, Task serving) = await OpenAsync(async (request, _) =>
        {
            if (request.Text == "lasts")
            {
                await isReleased.WaitAsync();
            }

            return request.Memory;
        });
        for (int round = 0; round < 20; round++)
        {
            ValueTask<Message> lasting = requester.RequestAsync("lasts"u8);
            Assert.Throws<InvalidOperationException>(() => lasting.GetAwaiter().GetResult());
            await AskAsync(requester);
            isReleased.Release();
            using (Message reply = await lasting)
            {
                Assert.Equal("lasts", reply.Text);
            }

            ValueTask<Message> next = requester.RequestAsync("lasts"u8);
            Assert.Throws<InvalidOperationException>(() => lasting.GetAwaiter().GetResult());
            isReleased.Release();
            using (Message reply = await next)
            {
                Assert.Equal("lasts", reply.Text);
            }
        }

        await EndAsync(responder, serving);
    }

    /// <summary>Nothing of it is left either: the endpoint closes at once.</summary>
    [Theory]
    [InlineData("shm")]
    [InlineData("unix")]
    public async Task A_request_that_cannot_be_sent_harms_no_concurrent_request(string scheme)
    {
        using SemaphoreSlim isReleased = new(0);
        (Requester requester, Responder responder, Task serving) = await OpenAsync(
            async (request, _) =>
            {
                await isReleased.WaitAsync();
                return request.Memory;
            },
            scheme,
            "?maxmessage=1000");
        using GoneMemory gone = new();
        Task<Message> lasting = requester.RequestAsync("lasts"u8).AsTask();
        for (int i = 0; i < 100; i++)
        {
            FairleadException error = await Assert.ThrowsAsync<FairleadException>(
                async () => await requester.RequestAsync(new byte[1001]));
            Assert.Equal(ErrorCode.TooLarge, error.Code);
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await requester.RequestAsync(gone.Memory));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await requester.RequestAsync("?"u8, new CancellationToken(canceled: true)));
        }

        Task<Message> longest = requester.RequestAsync(new byte[1000]).AsTask();
        isReleased.Release(2);
        using (Message reply = await lasting)
        {
            Assert.Equal("lasts", reply.Text);
        }

        using (Message reply = await longest)
        {
            Assert.Equal(1000, reply.Length);
        }

        await requester.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await requester.RequestAsync("?"u8));
        await EndAsync(responder, serving);
    }

    private async Task<(Requester Requester, Responder Responder, Task Serving)> OpenAsync(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler, string scheme = "shm", string options = "")
    {
        string name = $"{scheme}://{Guid.NewGuid():N}{options}";
        Responder responder = Track(Responder.Bind(name));
        Task serving = responder.RunAsync(handler);
        return (Track(await Requester.ConnectAsync(name)), responder, serving);
    }

    private static async Task AskAsync(Requester requester)
    {
        Task<Message>[] asking = [.. Enumerable.Range(0, Callers).Select(_ => requester.RequestAsync("?"u8.ToArray()).AsTask())];
        foreach (Message reply in await Task.WhenAll(asking))
        {
            Assert.Equal("?", reply.Text);
            reply.Dispose();
        }
    }

    private static async Task EndAsync(Responder responder, Task serving)
    {
        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }
}
