using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Every wait ends by its token and by its timeout; a message whose wait has ended is neither lost nor duplicated.</summary>
public abstract class WaitingContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking, false)]
    [InlineData(Calls.Async, false)]
    [InlineData(Calls.Blocking, true)]
    [InlineData(Calls.Async, true)]
    public async Task Receiving_ends_by_token_and_timeout_and_loses_nothing(Calls calls, bool senderBinds)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds);

        FairleadException error = await FailsAsync(ErrorCode.Timeout, () => ReceiveAsync(receiver, calls, 20.Milliseconds()));
        Assert.Contains("0.02 s", error.Message, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Timeout, () => ReceiveAsync(receiver, calls, TimeSpan.Zero));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ReceiveAsync(receiver, calls, null, new CancellationToken(canceled: true)));
        using (CancellationTokenSource cancel = new(30.Milliseconds()))
        {
            OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                ReceiveAsync(receiver, calls, null, cancel.Token));
            Assert.Equal(cancel.Token, cancelled.CancellationToken);
        }

        Assert.False(receiver.TryReceive(out _));
        Assert.False(receiver.TryReceive(10.Milliseconds(), out _));
        sender.Send("1"u8);
        using Message message = Handled(await ReceiveAsync(receiver, calls));
        Assert.Equal("1", message.Text);
    }

    [Fact]
    public async Task Receiving_that_is_cancelled_at_any_moment_loses_nothing()
    {
        const int Count = 3_000;
        (Sender sender, Receiver receiver) = await OpenAsync();
        Random random = NewRandom();
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, 8));
                Thread.SpinWait(200);
            }
        });

        // In order, though most waits time out.
        int vain = 0;
        await OnThread(() =>
        {
            for (int i = 0; i < Count;)
            {
                using CancellationTokenSource cancel = new();
                try
                {
                    Message message;
                    switch (random.Next(4))
                    {
                        case 0:
                            cancel.CancelAfter(TimeSpan.FromMilliseconds(random.Next(2)));
                            message = receiver.Receive(null, cancel.Token);
                            break;
                        case 1:
                            Task<Message> receiving = receiver.ReceiveAsync(null, cancel.Token).AsTask();
                            Thread.SpinWait(random.Next(2_000));
                            cancel.Cancel();
                            message = receiving.GetAwaiter().GetResult();
                            break;
                        case 2:
                            message = receiver.ReceiveAsync(TimeSpan.FromMicroseconds(random.Next(500))).AsTask().GetAwaiter().GetResult();
                            break;
                        default:
                            message = receiver.Receive(TimeSpan.FromMicroseconds(random.Next(500)));
                            break;
                    }

                    using (Handled(message))
                    {
                        Assert.Equal(i++, Payload.Check(message.Span).Number);
                    }
                }
                catch (OperationCanceledException)
                {
                    vain++;
                }
                catch (FairleadException timeout) when (timeout.Code == ErrorCode.Timeout)
                {
                    vain++;
                }
            }
        });
        await sending;
        Output.WriteLine($"{vain} waits ended in vain");
    }

    [Fact]
    public async Task A_message_after_a_silence_wakes_the_waiter_whatever_earlier_waits_left()
    {
        const int Count = 400;
        (Sender sender, Receiver receiver) = await OpenAsync();
        Random random = NewRandom();
        using SemaphoreSlim wanted = new(0);
        int spins = 0;
        Task sending = OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                wanted.Wait();
                Thread.SpinWait(Volatile.Read(ref spins));
                sender.Send(Payload.Make(i, 8));
            }
        });
        await OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                // A wait that times out leaves its wake-up behind, and the next waiter must not get it.
                switch (random.Next(5))
                {
                    case 0:
                        using (CancellationTokenSource cancel = new())
                        {
                            Task<Message> vain = receiver.ReceiveAsync(null, cancel.Token).AsTask();
                            Thread.SpinWait(random.Next(5_000));
                            cancel.Cancel();
                            Assert.ThrowsAnyAsync<OperationCanceledException>(() => vain).GetAwaiter().GetResult();
                        }

                        break;
                    case 1:
                        Assert.False(receiver.TryReceive(TimeSpan.FromMicroseconds(random.Next(300)), out _));
                        break;
                    case 2:
                        Assert.False(receiver.TryReceive(out _));
                        break;
                    default:
                        break;
                }

                Volatile.Write(ref spins, random.Next(20_000));
                wanted.Release();
                using Message message = Handled(
                    random.Next(3) == 0 ? receiver.Receive() : receiver.ReceiveAsync().AsTask().GetAwaiter().GetResult());
                Assert.Equal(i, Payload.Check(message.Span).Number);
            }
        });
        await sending;
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Sending_without_a_peer_ends_by_token_and_timeout_and_sends_nothing(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "it needs no reader");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        using CancellationTokenSource cancel = new(30.Milliseconds());
        if (calls == Calls.Blocking)
        {
            FairleadException error = await OnThread(() => Fails(ErrorCode.Timeout, () => sender.Send("x"u8, 20.Milliseconds())));
            Assert.Contains("no peer", error.Message, StringComparison.Ordinal);
            await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => sender.Send("x"u8, null, cancel.Token)));
            Assert.ThrowsAny<OperationCanceledException>(() => sender.Send("x"u8, null, cancel.Token));
        }
        else
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await sender.SendAsync("x"u8, cancel.Token));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                await sender.SendAsync("x"u8.ToArray().AsMemory(), cancel.Token));
        }

        Receiver receiver = Track(await Receiver.ConnectAsync(OtherEnd(sender.Address)));
        await sender.SendAsync("y"u8);
        using Message message = Handled(await receiver.ReceiveAsync());
        Assert.Equal("y", message.Text);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_loop_ends_by_its_token(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        using CancellationTokenSource cancel = new();
        sender.Send("1"u8);

        Task loop = calls == Calls.Async
            ? Task.Run(async () =>
            {
                await foreach (Message message in receiver.ReceiveAllAsync(cancel.Token))
                {
                    Assert.Equal("1", message.Text);
                    await cancel.CancelAsync();
                }
            })
            : receiver.RunAsync((_, _) =>
            {
                cancel.Cancel();
                return default;
            }, cancellationToken: cancel.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
        sender.Send("2"u8);
        using Message next = Handled(await receiver.ReceiveAsync());
        Assert.Equal("2", next.Text);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Waiting_for_a_server_ends_by_token_and_timeout(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "nobody is waited for");
        SkipUnless(Transport.IsVisitedAgain, "both ends exist from the beginning, and nothing waits for a peer");

        Address nobody = await NobodyAsync();
        if (calls == Calls.Blocking)
        {
            await OnThread(() => Fails(ErrorCode.NotFound, () => Sender.Connect(nobody)));
            await OnThread(() => Fails(ErrorCode.NotFound, () => Sender.Connect(With(nobody, "wait=30ms"))));
            using CancellationTokenSource cancel = new(30.Milliseconds());
            await OnThread(() =>
                Assert.ThrowsAny<OperationCanceledException>(() => Sender.Connect(With(nobody, "wait=1h"), null, cancel.Token)));
        }
        else
        {
            FairleadException error = await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(nobody));
            Assert.Contains("listens", error.Message, StringComparison.Ordinal);
            await FailsAsync(
                ErrorCode.NotFound, async () => await Sender.ConnectAsync(nobody, new() { ConnectTimeout = 30.Milliseconds() }));
            using CancellationTokenSource cancel = new(30.Milliseconds());
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                await Sender.ConnectAsync(With(nobody, "wait=infinite"), null, cancel.Token));
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_waiting_client_connects_to_a_server_that_starts_later(Calls calls)
    {
        SkipUnless(Transport.HasPeers, "nobody is waited for");
        SkipUnless(Transport.IsVisitedAgain, "both ends exist from the beginning, and nothing waits for a peer");

        Address place = await NobodyAsync();
        Task<Sender> connecting = calls == Calls.Blocking
            ? OnThread(() => Sender.Connect(With(place, "wait=90s")))
            : Sender.ConnectAsync(With(place, "wait=90s")).AsTask();
        Receiver receiver = Track(await Receiver.BindAsync(place));

        Track(await connecting).Send("found"u8);
        using Message message = Handled(await receiver.ReceiveAsync());
        Assert.Equal("found", message.Text);
    }

    /// <summary>
    /// Returns a place at which no endpoint listens: one that was bound a moment ago. A port of it is none that the kernel lends.
    /// </summary>
    private async Task<Address> NobodyAsync()
    {
        await using Receiver receiver = await Receiver.BindAsync(NewPlace());
        return Bare(receiver.Address);
    }

    private static Task<Message> ReceiveAsync(
        Receiver receiver,
        Calls calls,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        calls == Calls.Blocking
            ? OnThread(() => receiver.Receive(timeout, cancellationToken))
            : receiver.ReceiveAsync(timeout, cancellationToken).AsTask();
}
