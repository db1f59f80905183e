using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// The contract for messages of type 1 on every transport that loses nothing: they arrive whole, in order, once, from any number of
/// threads.
/// </summary>
public abstract class PassingContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Async, true)]
    public async Task Messages_of_any_size_arrive_whole_and_in_order(Calls calls, bool senderBinds)
    {
        if (senderBinds && IsRefusedToSenders())
        {
            return;
        }

        const int Count = 1_500;
        Random random = NewRandom();
        int longest = Math.Min(Transport.LongestMessage, 400_000);
        int[] sizes =
        [
            .. Enumerable
                .Range(0, Count)
                .Select(i =>
                    i % 100 == 7 ? random.Next(longest / 2, longest + 1)
                    : i % 10 == 3 ? random.Next(100, Math.Min(longest, 20_000))
                    : random.Next(Payload.Least, 200)),
        ];
        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds);

        Task sending = calls == Calls.Blocking
            ? OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    sender.Send(Payload.Make(i, sizes[i]));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; i < Count; i++)
                {
                    await (
                        i % 2 == 0
                            ? sender.SendAsync(Payload.Make(i, sizes[i]).AsMemory())
                            : sender.SendAsync(Payload.Make(i, sizes[i]).AsSpan()));
                }
            });
        await OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                using Message message = Handled(
                    calls == Calls.Blocking ? receiver.Receive() : receiver.ReceiveAsync().AsTask().GetAwaiter().GetResult());
                Assert.Equal((i, 0), Payload.Check(message.Span));
                Assert.Equal(sizes[i], message.Length);
            }
        });
        await sending;

        Assert.False(receiver.TryReceive(out _));
        Assert.Equal((Count, sizes.Sum(size => (long)size)), (sender.Statistics.MessagesSent, sender.Statistics.BytesSent));
        Assert.Equal((Count, sizes.Sum(size => (long)size)), (receiver.Statistics.MessagesReceived, receiver.Statistics.BytesReceived));
        Assert.True((await sender.CloseAsync(90.Seconds())).IsComplete);
    }

    [Fact]
    public async Task Empty_messages_arrive()
    {
        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds: false);

        sender.Send([]);
        await sender.SendAsync(ReadOnlyMemory<byte>.Empty);
        await sender.SendAsync([]);
        Assert.Equal(SendResult.Sent, sender.TrySend([]));
        sender.Send("end"u8);

        foreach (int length in new[] { 0, 0, 0, 0, 3 })
        {
            using Message message = Handled(await receiver.ReceiveAsync());
            Assert.Equal(length, message.Length);
        }
    }

    [Fact]
    public async Task Messages_of_concurrent_threads_keep_the_order_of_each_thread_and_are_complete()
    {
        const int Threads = 6;
        const int Each = 800;
        (Sender sender, Receiver receiver) = await OpenBothAsync(senderBinds: false, "messages=100");
        int[] seeds = [.. Enumerable.Range(0, Threads).Select(_ => NewRandom().Next())];

        Task[] sending =
        [
            .. Enumerable
                .Range(0, Threads)
                .Select(from =>
                    from % 2 == 0
                        ? OnThread(() =>
                        {
                            Random random = new(seeds[from]);
                            for (int i = 0; i < Each; i++)
                            {
                                sender.Send(Payload.Make(i, random.Next(8, 3_000), from));
                            }
                        })
                        : Task.Run(async () =>
                        {
                            Random random = new(seeds[from]);
                            for (int i = 0; i < Each; i++)
                            {
                                byte[] content = Payload.Make(
                                    i, random.Next(200) == 0 ? Math.Min(100_000, Transport.LongestMessage) : random.Next(8, 3_000), from);
                                if (random.Next(3) > 0 || sender.TrySend(content) != SendResult.Sent)
                                {
                                    await sender.SendAsync(content.AsMemory());
                                }
                            }
                        })),
        ];
        int[] next = new int[Threads];
        Task receiving = ReceiveAllAsync();

        // A sender that fails ends the test with its own error, not with the watchdog's.
        List<Task> all = [receiving, .. sending];
        while (all.Count > 0)
        {
            Task ended = await Task.WhenAny(all);
            await ended;
            all.Remove(ended);
        }

        Assert.All(next, count => Assert.Equal(Each, count));
        Assert.False(receiver.TryReceive(out _));

        async Task ReceiveAllAsync()
        {
            for (int i = 0; i < Threads * Each; i++)
            {
                using Message message = Handled(await receiver.ReceiveAsync());
                (int number, int from) = Payload.Check(message.Span);
                Assert.Equal(next[from]++, number);
            }
        }
    }

    /// <summary>Opens a sender and a receiver that are connected; either may be the bound one. The options are the receiver's.</summary>
    protected virtual Task<(Sender Sender, Receiver Receiver)> OpenBothAsync(bool senderBinds, string options = "") =>
        OpenAsync(senderBinds, options);

    /// <summary>Returns whether senders may not bind here; then it checks the error.</summary>
    protected bool IsRefusedToSenders()
    {
        if (!Transport.SendersBind)
        {
            Output.WriteLine(Fails(ErrorCode.NotSupported, () => Sender.Bind(NewPlace())).Message);
            Output.WriteLine(Fails(ErrorCode.NotSupported, () => Receiver.Connect(NewPlace())).Message);
        }

        return !Transport.SendersBind;
    }
}
