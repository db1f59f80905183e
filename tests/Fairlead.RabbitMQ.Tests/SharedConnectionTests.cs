namespace Fairlead.RabbitMQ.Tests;

/// <summary>The endpoints of a process at one broker share two connections: one to publish, one to consume.</summary>
[Collection(PausedBroker.Name)]
public sealed class SharedConnectionTests(PausedBroker paused)
{
    private const int Each = 3;

    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [BrokerFact]
    public async Task Ten_endpoints_share_two_connections_that_reopen_and_close_with_the_last_endpoint()
    {
        await UntilAsync(0);
        List<Sender> senders = [];
        List<Receiver> receivers = [];
        for (int i = 0; i < Each; i++)
        {
            senders.Add(await Sender.ConnectAsync(paused.Node.Address($"shared{i}")));
            receivers.Add(await Receiver.BindAsync(paused.Node.Address($"shared{i}")));
        }

        Requester requester = await Requester.ConnectAsync(paused.Node.Address("shared-requests"));
        Responder responder = await Responder.BindAsync(paused.Node.Address("shared-requests"));
        Publisher publisher = await Publisher.BindAsync(paused.Node.Address("shared-topics"));
        Subscriber subscriber = await Subscriber.ConnectAsync(paused.Node.Address("shared-topics"), ">");
        await ExchangeAsync();
        await UntilAsync(2);

        // Each is told of the loss, and goes on.
        paused.Node.Control("close_all_connections", "test");
        await ExchangeAsync();
        await UntilAsync(2);
        IAsyncDisposable[] others = [.. senders[1..], .. receivers[1..], requester, responder, publisher, subscriber];
        foreach (IAsyncDisposable endpoint in others)
        {
            await endpoint.DisposeAsync();
        }

        await DeliverAsync(0);
        await UntilAsync(2);
        await senders[0].DisposeAsync();
        await receivers[0].DisposeAsync();
        await UntilAsync(0);

        async Task ExchangeAsync()
        {
            for (int i = 0; i < Each; i++)
            {
                await DeliverAsync(i);
            }

            // A request that was lost with its connection is not executed twice, so it is repeated here.
            while (!await AskAsync())
            {
            }

            // A publication during the loss passes the subscriber by, so another follows when the broker has answered again.
            Task<Message> coming = subscriber.ReceiveAsync(Patience).AsTask();
            while (!coming.IsCompleted)
            {
                _ = await publisher.PublishAsync("news", "again"u8);
                _ = await AskAsync();
            }

            (await coming).Dispose();
        }

        async Task DeliverAsync(int i)
        {
            Delivery outcome;
            do
            {
                using CancellationTokenSource done = new();
                Task accepting = AcceptAsync(receivers[i], done.Token);
                outcome = await senders[i].DeliverAsync("one"u8, Patience);
                await done.CancelAsync();
                await accepting;
            }
            while (!outcome.IsDelivered);
        }

        async Task<bool> AskAsync()
        {
            using CancellationTokenSource asked = new();
            Task<Message> call = requester.RequestAsync("question"u8, Patience).AsTask();
            Task answering = AnswerAsync(asked.Token);
            try
            {
                using Message answer = await call;
                return true;
            }
            catch (FairleadException lost) when (lost.Code == ErrorCode.PeerGone)
            {
                return false;
            }
            finally
            {
                await asked.CancelAsync();
                await answering;
            }
        }

        async Task AnswerAsync(CancellationToken asked)
        {
            try
            {
                while (true)
                {
                    using Request request = await responder.ReceiveAsync(null, asked);
                    request.Reply("answer"u8);
                }
            }
            catch (OperationCanceledException) when (asked.IsCancellationRequested)
            {
                // The request was answered, or lost.
            }
        }
    }

    /// <summary>Each names its own address in the error.</summary>
    [BrokerFact]
    public async Task Endpoints_that_open_together_share_a_refusal_and_each_error_names_its_address()
    {
        Task<Sender>[] opening =
        [
            .. Enumerable.Range(0, Each).Select(i => Sender.ConnectAsync(
                $"amqp://clerk:secret@{paused.Node.Nodes}/?name=refused{i}").AsTask()),
        ];
        for (int i = 0; i < Each; i++)
        {
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => opening[i]);
            Assert.Equal(ErrorCode.PermissionDenied, refused.Code);
            Assert.Equal($"refused{i}", refused.Address!.Option("name"));
        }
    }

    private static async Task AcceptAsync(Receiver receiver, CancellationToken done)
    {
        try
        {
            while (true)
            {
                using Message message = await receiver.ReceiveAsync(null, done);
                message.Accept();
            }
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
            // The delivery has its outcome.
        }
    }

    private async Task UntilAsync(int connections)
    {
        using CancellationTokenSource end = new(Patience);
        while (paused.Node.Control("list_connections", "--quiet", "--no-table-headers", "pid")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length != connections)
        {
            end.Token.ThrowIfCancellationRequested();
        }
    }
}
