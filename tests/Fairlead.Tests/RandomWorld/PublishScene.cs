namespace Fairlead.Tests.RandomWorld;

/// <summary>A publisher, and subscribers that come and go, slow ones among them: losses are reported exactly.</summary>
internal sealed class PublishScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    protected override async Task ActAsync()
    {
        string full = new[] { "drop-newest", "drop-oldest", "latest" }[Random.Next(3)];
        Publisher publisher = Bind(address =>
            Publisher.Bind(
                address.With("full", full),
                new()
                {
                    HandshakeTimeout = Unhurried,
                    MaxUnreadBytes = Random.Next(4096, 100_000),
                    MaxUnreadMessages = Random.Next(1, 200),
                }));
        Task[] subscribers = [.. Several(1, 4, SubscribeAsync), .. Several(0, 1, own => ActorsAsync(own, "subscriber"))];
        Random chance = new(Random.Next());
        int from = NewFrom();
        for (int i = 0; !Curtain.IsCancellationRequested; i++)
        {
            publisher.Publish("a.b", Payload.Make(i, SizeOf(chance), from));
            if (chance.Next(50) == 0)
            {
                await PauseAsync(chance, 10);
            }
        }

        await EndAsync(publisher, Random);
        await Task.WhenAll(subscribers);
    }

    private async Task SubscribeAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            try
            {
                Subscriber subscriber = Enter(await Subscriber.ConnectAsync(Meeting(own, mayReconnect: false), "a.*", Patient));
                using CancellationTokenSource until = CancellationTokenSource.CreateLinkedTokenSource(Curtain);
                until.CancelAfter(own.Next(500));
                int last = -1;
                bool slow = Chance(own, 0.4);
                try
                {
                    await foreach (Message message in subscriber.ReceiveAllAsync(until.Token))
                    {
                        (int number, _) = Read(message.Span);
                        Assert.True(
                            last < 0 || number - last - 1 == message.Missed,
                            $"Message {number} came after {last}, and said that {message.Missed} were missed.");
                        last = number;
                        if (slow)
                        {
                            await PauseAsync(own, 5);
                        }
                    }
                }
                catch (OperationCanceledException)
                {
                    // Enough.
                }

                await EndAsync(subscriber, own);
            }
            catch (Exception exception) when (IsExcused(exception, If(Curtain.IsCancellationRequested, Cause.PeerLeaves)))
            {
                // The publisher has gone.
            }
        }
    }
}
