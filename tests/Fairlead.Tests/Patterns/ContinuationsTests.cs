using System.Text;
using Fairlead.Conformance;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;

namespace Fairlead.Tests.Patterns;

public sealed class ContinuationsTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Fact]
    public async Task Continuations_run_in_order_on_the_completing_thread()
    {
        EndpointCore core = NewCore();
        List<(int Number, int Thread)> told = [];
        int thread = 0;

        // Another thread takes over from one that does not run for a while, as on a busy machine. Then the next attempt counts.
        for (int attempt = 0; attempt < 100 && (told.Count == 0 || told.Exists(one => one.Thread != thread)); attempt++)
        {
            told.Clear();
            await OnThread(() =>
            {
                thread = Environment.CurrentManagedThreadId;
                Tell(
                    core,
                    inline: true,
                    number =>
                    {
                        lock (told)
                        {
                            told.Add((number, Environment.CurrentManagedThreadId));
                        }
                    });
            });
        }

        Assert.Equal([(0, thread), (1, thread), (2, thread)], told);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_continuation_that_blocks_delays_no_other(bool inline)
    {
        EndpointCore core = NewCore();
        using CountdownEvent others = new(2);
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task telling = OnThread(() => Tell(core, inline, number =>
        {
            if (number > 0)
            {
                others.Signal();
                return;
            }

            others.Wait();
            first.SetResult();
        }));
        await first.Task;
        await telling;
    }

    /// <summary>After some brief ones, not each of those behind them is timed.</summary>
    [Fact]
    public async Task A_continuation_that_blocks_after_brief_ones_delays_no_other()
    {
        const int Count = 24;
        EndpointCore core = NewCore();
        for (int blocking = 0; blocking < Count; blocking++)
        {
            using CountdownEvent others = new(Count - 1);
            await OnThread(() => Tell(
                core,
                inline: true,
                number =>
                {
                    if (number != blocking)
                    {
                        others.Signal();
                        return;
                    }

                    others.Wait();
                },
                Count));
        }
    }

    /// <summary>The returns of brief ones show the watcher nothing before the group is timed: long ones may be among them.</summary>
    [Fact]
    public async Task A_group_of_continuations_that_is_timed_together_counts_as_blocked_together()
    {
        EndpointCore core = NewCore();
        bool isHeldUp = false;

        // On a busy machine the first may take long; then each of the others is timed.
        for (int attempt = 0; attempt < 20 && !isHeldUp; attempt++)
        {
            await OnThread(() => Tell(
                core,
                inline: true,
                number =>
                {
                    if (number is 2 or 4)
                    {
                        core.Pump.Continuations.OnRound();
                        isHeldUp |= number == 4 && !core.Pump.Continuations.IsHere;
                    }
                },
                count: 9));
        }

        Assert.True(isHeldUp);
    }

    [Fact]
    public async Task A_continuation_that_throws_does_not_affect_the_others()
    {
        EndpointCore core = NewCore();
        TaskCompletionSource[] told = [new(), new(), new()];
        await OnThread(() => Tell(core, inline: true, number =>
        {
            // In any order: while an exception is thrown, which takes long, another thread continues.
            told[number].SetResult();
            throw new InvalidOperationException("by the user's continuation");
        }));
        await Task.WhenAll(told.Select(static each => each.Task));
    }

    /// <summary>In the other modes the flusher writes the message soon; here nothing else does.</summary>
    [Fact]
    public async Task A_continuation_writes_its_buffered_message_before_it_waits()
    {
        (Pair bound, Pair peer) = await OpenAsync("unix", WriteMode.Buffered);

        ValueTask<Message> reply = default;
        await OnThread(() => Tell(bound.Core, inline: true, number =>
        {
            if (number == 1)
            {
                bound.Send("question"u8);
                reply = bound.ReceiveAsync();
            }
        }));
        using (Message question = await peer.ReceiveAsync())
        {
            Assert.Equal("question", question.Text);
        }

        await peer.SendAsync("answer"u8.ToArray());
        using Message answer = await reply;
        Assert.Equal("answer", answer.Text);
    }

    /// <summary>Each attempt has a separate thread: then messages do not follow each other as closely as those of a stream.</summary>
    [Fact]
    public async Task Messages_of_continuations_are_written_after_the_last_continuation()
    {
        (Pair bound, Pair peer) = await OpenAsync("unix");
        LinkOutput output = Assert.Single(bound.Core.Table.All).Output;
        bool isLeft = false;
        while (!isLeft)
        {
            await OnThread(() => Tell(bound.Core, inline: true, number =>
            {
                if (number == 0)
                {
                    // Not if this thread was interrupted for milliseconds: then it counts as blocking.
                    bound.Send("question"u8);
                    isLeft = output.IsDeferred;
                }
            }));
            using Message question = await peer.ReceiveAsync();
            Assert.Equal("question", question.Text);
        }
    }

    /// <summary>The continuation may never return: its messages cannot wait for that.</summary>
    [Fact]
    public async Task Messages_of_a_continuation_are_written_even_if_it_blocks()
    {
        (Pair bound, Pair peer) = await OpenAsync("unix");

        await OnThread(() => Tell(bound.Core, inline: true, number =>
        {
            for (int i = 0; i < 20 && number == 1; i++)
            {
                bound.Send(Encoding.ASCII.GetBytes($"{i}"));
                using Message heard = peer.Receive();
                Assert.Equal($"{i}", heard.Text);
            }
        }));
    }

    /// <summary>A reactor thread arms after it has run its continuations; if one of them blocks, another thread arms.</summary>
    [Fact]
    public async Task A_continuation_that_waits_for_a_message_of_its_own_endpoint_receives_it()
    {
        (Pair bound, Pair peer) = await OpenAsync("shm");

        await OnThread(() =>
        {
            Completions completions = Completions.Rent();
            for (int i = 0; i < 2; i++)
            {
                int number = i;
                ReceiveOperation operation = ReceiveOperation.Rent(bound.Core.Receivers, bound.Core.Pump, isBlocking: false);
                operation.Task.GetAwaiter().UnsafeOnCompleted(() =>
                {
                    if (number == 0)
                    {
                        Task<Message> receiving = bound.ReceiveAsync().AsTask();
                        Assert.True(bound.Core.Pump.BusyPoll.IsPromised);
                        peer.Send("news"u8);
                        using Message news = receiving.GetAwaiter().GetResult();
                        Assert.Equal("news", news.Text);
                    }
                });
                Assert.True(operation.TryComplete(null));
                completions.Add(operation);
            }

            bool leads = false;
            while (!leads)
            {
                using (bound.Core.Pump.Gate.Hold())
                {
                    leads = bound.Core.Pump.TryLead();
                }

                Thread.Yield();
            }

            bound.Core.Pump.BusyPoll.Serve(leads, completions, TimeSpan.Zero);
        });
        Assert.False(bound.Core.Pump.BusyPoll.IsPromised);
    }

    /// <summary>Some handlers start together, and requests come while they block: each needs a thread that reads.</summary>
    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("inproc")]
    public async Task Handlers_that_block_delay_no_later_request(string scheme)
    {
        const int Handlers = 3;
        string name = $"{scheme}://{Guid.NewGuid():N}";
        Responder responder = Track(Responder.Bind(name));
        using CountdownEvent missing = new(2 * Handlers);
        Task serving = responder.RunAsync(
            (request, _) =>
            {
                missing.Signal();
                missing.Wait();
                return request.Memory;
            },
            2 * Handlers);
        Requester requester = Track(await Requester.ConnectAsync(name));
        Task<Message>[] first = Ask(requester, Handlers);
        await Fairlead.Conformance.Polling.Until(() => missing.CurrentCount <= Handlers);
        foreach (Message reply in await Task.WhenAll([.. first, .. Ask(requester, Handlers)]))
        {
            Assert.Equal("?", reply.Text);
            reply.Dispose();
        }

        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>If requests follow each other closely, the serving thread arms after the handler of each.</summary>
    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    public async Task A_handler_that_blocks_after_quick_handlers_delays_no_later_request(string scheme)
    {
        string name = $"{scheme}://{Guid.NewGuid():N}";
        Responder responder = Track(Responder.Bind(name));
        using SemaphoreSlim isReleased = new(0);
        Task serving = responder.RunAsync(
            (request, _) =>
            {
                if (request.Text == "wait")
                {
                    isReleased.Wait();
                }
                else if (request.Text == "release")
                {
                    isReleased.Release();
                }

                return request.Memory;
            },
            concurrency: 3);
        Requester requester = Track(await Requester.ConnectAsync(name));
        for (int round = 0; round < 10; round++)
        {
            do
            {
                (await requester.RequestAsync("quick"u8)).Dispose();
            }
            while (!responder.Core.Pump.BusyPoll.IsBusy);
            ValueTask<Message> waiting = requester.RequestAsync("wait"u8);
            (await requester.RequestAsync("release"u8)).Dispose();
            (await waiting).Dispose();
        }

        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>The serving thread has promised to arm when it calls the last free handler, which blocks.</summary>
    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    public async Task The_last_free_handler_that_blocks_delays_no_later_request(string scheme)
    {
        string name = $"{scheme}://{Guid.NewGuid():N}";
        Responder responder = Track(Responder.Bind(name));
        using SemaphoreSlim isReleased = new(0);
        using SemaphoreSlim isWanted = new(0);
        Task serving = responder.RunAsync(
            async (request, _) =>
            {
                if (request.Text == "leave")
                {
                    await isWanted.WaitAsync();
                }
                else if (request.Text == "wait")
                {
                    isReleased.Wait();
                }
                else if (request.Text == "release")
                {
                    isReleased.Release();
                }

                return request.Memory;
            },
            concurrency: 2);
        Requester requester = Track(await Requester.ConnectAsync(name));
        for (int round = 0; round < 50; round++)
        {
            do
            {
                (await requester.RequestAsync("quick"u8)).Dispose();
            }
            while (!responder.Core.Pump.BusyPoll.IsBusy);
            ValueTask<Message> leaving = requester.RequestAsync("leave"u8);
            ValueTask<Message> waiting = requester.RequestAsync("wait"u8);
            isWanted.Release();
            (await leaving).Dispose();
            (await requester.RequestAsync("release"u8)).Dispose();
            (await waiting).Dispose();
        }

        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    /// <summary>Opens two ends that have already exchanged a message.</summary>
    private async Task<(Pair Bound, Pair Peer)> OpenAsync(string scheme, WriteMode writing = WriteMode.Balanced)
    {
        string name = $"{scheme}://{Guid.NewGuid():N}";
        Pair bound = Track(Pair.Bind(name, new EndpointOptions { WriteMode = writing }));
        Pair peer = Track(await Pair.ConnectAsync(name));
        await peer.SendAsync("ready"u8.ToArray());
        using (await bound.ReceiveAsync())
        {
            return (bound, peer);
        }
    }

    private static Task<Message>[] Ask(Requester requester, int requests) =>
        [.. Enumerable.Range(0, requests).Select(_ => requester.RequestAsync("?"u8.ToArray()).AsTask())];

    internal static void Tell(EndpointCore core, bool inline, Action<int> continuation, int count = 3)
    {
        ReceiveOperation[] operations =
        [
            .. Enumerable.Range(0, count).Select(_ => ReceiveOperation.Rent(core.Receivers, core.Pump, isBlocking: false)),
        ];
        for (int i = 0; i < operations.Length; i++)
        {
            int number = i;
            var awaiter = operations[i].Task.GetAwaiter();
            awaiter.UnsafeOnCompleted(() =>
            {
                Assert.Null(awaiter.GetResult());
                continuation(number);
            });
            Assert.True(operations[i].TryComplete(null));
            operations[i].NextCompleted = i + 1 < operations.Length ? operations[i + 1] : null;
        }

        core.Pump.Continuations.Tell(operations[0], operations[^1], inline, core.Pump.Continuations.Prepare(inline));
    }

    private EndpointCore NewCore() => Track(Receiver.Bind($"inproc://{Guid.NewGuid():N}")).Core;
}
