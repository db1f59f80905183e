namespace Fairlead.Conformance.Contracts;

/// <summary>Type 1 with a peer that answers: unlimited sizes, limits, loans, leases, and receivers of every kind at once.</summary>
public abstract partial class MessageContract(TransportUnderTest transport, ITestOutputHelper output) : PassingContract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_message_far_longer_than_the_window_arrives(Calls calls)
    {
        (Sender sender, Receiver receiver) = await OpenAsync(options: Transport.IsNetwork ? "maxmessage=128MiB" : "");
        ReadOnlyMemory<byte> large = Payload.Shared(1, TestSize.Of(20 << 20, full: 100 << 20));

        Task sending = calls == Calls.Blocking ? OnThread(() => sender.Send(large.Span)) : sender.SendAsync(large).AsTask();
        using (Message message = Handled(
            calls == Calls.Blocking ? await OnThread(() => receiver.Receive()) : await receiver.ReceiveAsync()))
        {
            Assert.Equal(large.Length, message.Length);
            Assert.True(message.Span.SequenceEqual(large.Span), "Bytes were altered.");
        }

        await sending;

        // It was longer than the window; the next message is sent as usual.
        sender.Send("small"u8);
        using Message small = Handled(await receiver.ReceiveAsync());
        Assert.Equal("small", small.Text);
    }

    [Fact]
    public async Task A_network_transport_accepts_messages_of_up_to_16_MiB_by_default()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        byte[] longest = new byte[16 << 20];
        byte[] longer = new byte[(16 << 20) + 1];

        Task sending = sender.SendAsync(longest.AsMemory()).AsTask();
        Handled(await receiver.ReceiveAsync()).Dispose();
        await sending;
        if (Transport.IsNetwork)
        {
            Fails(ErrorCode.TooLarge, () => sender.Send(longer));
            await FailsAsync(ErrorCode.TooLarge, async () => await sender.SendAsync(longer.AsMemory()));
            Fails(ErrorCode.TooLarge, () => sender.TrySend(longer));
            await FailsAsync(ErrorCode.TooLarge, async () => await sender.DeliverAsync(longer));
        }
        else
        {
            sending = sender.SendAsync(longer.AsMemory()).AsTask();
            Handled(await receiver.ReceiveAsync()).Dispose();
            await sending;
        }

        // The sender of too long a message gets an error, and nothing else happens.
        sender.Send("after"u8);
        using Message message = Handled(await receiver.ReceiveAsync());
        Assert.Equal("after", message.Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_receiver_may_limit_messages(bool senderBinds)
    {
        SkipUnless(Transport.HasPeers, "a sender does not learn its receiver's limit");

        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds, "maxmessage=1000");

        FairleadException error = Fails(ErrorCode.TooLarge, () => sender.Send(new byte[1001]));
        Assert.Contains("1001", error.Message, StringComparison.Ordinal);
        Assert.Contains("1000", error.Message, StringComparison.Ordinal);

        sender.Send(new byte[1000]);
        using Message message = Handled(await receiver.ReceiveAsync());
        Assert.Equal(1000, message.Length);
    }

    [Fact]
    public async Task Calls_of_every_kind_may_wait_at_one_endpoint_and_each_message_reaches_one_call()
    {
        const int Count = 4_000;
        (Sender sender, Receiver receiver) = await OpenAsync();
        int[] seen = new int[Count];
        int left = Count;
        using CancellationTokenSource done = new();

        void Note(Message message)
        {
            Interlocked.Increment(ref seen[Payload.Check(message.Span).Number]);
            Handled(message).Dispose();
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.Cancel();
            }
        }

        Task[] receiving = [.. Enumerable.Range(0, 6).Select(kind => kind % 3 == 0
            ? OnThread(() =>
            {
                while (Volatile.Read(ref left) > 0)
                {
                    // Waits that time out, again and again, among others that do not.
                    if (receiver.TryReceive(TimeSpan.FromMicroseconds(300), out Message message))
                    {
                        Note(message);
                    }
                }
            })
            : kind % 3 == 1
            ? OnThread(() =>
            {
                try
                {
                    while (true)
                    {
                        Note(receiver.Receive(cancellationToken: done.Token));
                    }
                }
                catch (OperationCanceledException)
                {
                }
            })
            : Task.Run(async () =>
            {
                try
                {
                    while (true)
                    {
                        Note(await receiver.ReceiveAsync(done.Token));
                    }
                }
                catch (OperationCanceledException)
                {
                }
            }))];
        await OnThread(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                sender.Send(Payload.Make(i, 20));
            }
        });
        await Task.WhenAll(receiving);

        Assert.All(seen, times => Assert.Equal(1, times));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Blocking_receivers_that_sleep_each_wake_for_their_message(bool senderBinds)
    {
        // The messages arrive together: then the thread that waits in the kernel takes them for several others.
        const int Receivers = 4;
        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds);
        for (int round = 0; round < 50; round++)
        {
            Task[] receiving = [.. Enumerable.Range(0, Receivers).Select(_ => OnThread(() => Handled(receiver.Receive()).Dispose()))];
            for (int i = 0; i < Receivers - 1; i++)
            {
                sender.Send("together"u8);
            }

            await Until(() => receiving.Count(task => task.IsCompleted) == Receivers - 1, "all but one have a message");
            sender.Send("last"u8);
            await Task.WhenAll(receiving);
        }
    }

    [Fact]
    public async Task A_loan_is_sent_once_and_cut_to_what_was_written()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();

        using (Loan loan = sender.Loan(1_000))
        {
            Assert.Equal(1_000, loan.Span.Length);
            "written"u8.CopyTo(loan.Span);
            loan.Send(7);
            Assert.Throws<ObjectDisposedException>(() => loan.Send());
        }

        using (Loan unsent = sender.Loan(10))
        {
            unsent.Memory.Span.Clear();
        }

        using Loan second = sender.Loan(3);
        "two"u8.CopyTo(second.Span);
        await second.SendAsync();

        using Message first = Handled(await receiver.ReceiveAsync());
        using Message other = Handled(await receiver.ReceiveAsync());
        Assert.Equal(("written", "two"), (first.Text, other.Text));
        Assert.False(receiver.TryReceive(out _));
    }

    [Fact]
    public async Task A_message_is_a_lease_that_ends_with_its_disposal()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        sender.Send("one"u8);
        sender.Send("two"u8);

        Message first = Handled(await receiver.ReceiveAsync());
        Message copy = first;
        Assert.Equal("one", copy.Text);
        Assert.Equal(first, copy);
        first.Dispose();
        first.Dispose();
        copy.Dispose();
        using Message second = Handled(await receiver.ReceiveAsync());

        // The second message may use the memory of the first: the stale handle sees nothing of it, and frees nothing.
        Assert.Throws<ObjectDisposedException>(() => copy.Length);
        Assert.Throws<ObjectDisposedException>(() => first.Accept());
        Assert.Throws<ObjectDisposedException>(() => first.Peer);
        Assert.Throws<ObjectDisposedException>(() => default(Message).Text);
        first.Dispose();
        Assert.Equal("two", second.Text);
    }

    [Fact]
    public async Task The_peer_is_known_as_far_as_the_transport_reports_it()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        sender.Send("who"u8);

        using Message message = Handled(await receiver.ReceiveAsync());
        if (Transport.KnowsPeer)
        {
            Assert.Equal(Environment.ProcessId, message.Peer.ProcessId);
            Assert.Equal(Environment.ProcessId, Assert.Single(sender.Peers).ProcessId);
        }
        else if (Transport.IsNetwork)
        {
            Assert.NotNull(message.Peer.RemoteAddress);
            Assert.NotNull(Assert.Single(sender.Peers).RemoteAddress);
        }
    }
}
