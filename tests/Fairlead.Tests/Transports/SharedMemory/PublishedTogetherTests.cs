using Fairlead.Conformance;
using Fairlead.Patterns.Links.Output;
using Fairlead.Tests.Patterns;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Requests and replies of brief continuations, which go to the peer's memory together.</summary>
public sealed class PublishedTogetherTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const int Calls = 40;

    [Fact]
    public async Task Requests_of_brief_continuations_are_published_after_the_last_continuation()
    {
        (Requester requester, LinkOutput output) = await OpenAsync(static (request, _) => request.Memory);
        bool isHeldBack = false;

        // An interrupted thread does not count as brief, nor do the first calls of a program, which the JIT compiles.
        while (!isHeldBack)
        {
            Task<Message>[] replies = new Task<Message>[Calls];
            await OnThread(() =>
            {
                ContinuationsTests.Tell(
                    requester.Core,
                    inline: true,
                    number =>
                    {
                        replies[number] = requester.RequestAsync("?"u8).AsTask();
                        isHeldBack |= output.IsDeferred && output.Unwritten > 0;
                    },
                    Calls);
            });
            await AnsweredAsync(replies);
            await Polling.Until(() => !output.IsDeferred);
        }
    }

    [Fact]
    public async Task The_immediate_mode_holds_back_no_message()
    {
        (Requester requester, LinkOutput output) = await OpenAsync(static (request, _) => request.Memory, "&writing=immediate");
        for (int round = 0; round < 10; round++)
        {
            Task<Message>[] replies = new Task<Message>[Calls];
            bool isHeldBack = false;
            await OnThread(() => ContinuationsTests.Tell(
                requester.Core,
                inline: true,
                number =>
                {
                    replies[number] = requester.RequestAsync("?"u8).AsTask();
                    isHeldBack |= output.IsDeferred;
                },
                Calls));
            await AnsweredAsync(replies);
            Assert.False(isHeldBack);
        }
    }

    /// <summary>The watcher publishes what those before it have sent.</summary>
    [Fact]
    public async Task A_continuation_that_blocks_holds_back_no_request()
    {
        (Requester requester, _) = await OpenAsync(static (request, _) => request.Memory);
        for (int blocking = 0; blocking < Calls; blocking++)
        {
            Task<Message>[] replies = new Task<Message>[Calls];
            using CountdownEvent asked = new(blocking);
            await OnThread(() => ContinuationsTests.Tell(
                requester.Core,
                inline: true,
                number =>
                {
                    if (number == blocking)
                    {
                        asked.Wait();
                        Task.WaitAll([.. replies.Take(blocking)]);
                    }

                    replies[number] = requester.RequestAsync("?"u8).AsTask();
                    if (number < blocking)
                    {
                        asked.Signal();
                    }
                },
                Calls));
            await AnsweredAsync(replies);
        }
    }

    /// <summary>A request among others waits in its handler for their replies to be read.</summary>
    [Fact]
    public async Task A_handler_that_blocks_holds_back_no_reply()
    {
        using SemaphoreSlim areRead = new(0);
        (Requester requester, _) = await OpenAsync((request, _) =>
        {
            if (request.Text == "wait")
            {
                areRead.Wait();
            }

            return request.Memory;
        });
        for (int round = 0; round < 30; round++)
        {
            // There are as many handlers as requests: one that blocks keeps no other out.
            Task<Message>[] quick = [.. Enumerable.Range(0, Calls / 2).Select(_ => requester.RequestAsync("?"u8).AsTask())];
            Task<Message> waiting = requester.RequestAsync("wait"u8).AsTask();
            await AnsweredAsync(quick);
            areRead.Release();
            await AnsweredAsync([waiting]);
        }
    }

    /// <summary>Waits until all are asked and answered: other threads may run the last continuations.</summary>
    private static async Task AnsweredAsync(Task<Message>[] replies)
    {
        await Polling.Until(() => Array.TrueForAll(replies, static reply => reply is not null));
        foreach (Message reply in await Task.WhenAll(replies))
        {
            reply.Dispose();
        }
    }

    /// <summary>Opens a requester that never polls: each request takes the ordinary path.</summary>
    private async Task<(Requester Requester, LinkOutput Output)> OpenAsync(
        Func<Request, RequestContext, ReadOnlyMemory<byte>> handler, string options = "")
    {
        string name = $"shm://{Guid.NewGuid():N}";
        Responder responder = Track(Responder.Bind(name));
        _ = responder.RunAsync(handler);
        Requester requester = Track(await Requester.ConnectAsync($"{name}?waiting=efficient{options}"));
        (await requester.RequestAsync("?"u8)).Dispose();
        return (requester, Assert.Single(requester.Core.Table.All).Output);
    }
}
