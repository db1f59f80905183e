using System.Collections.Concurrent;

namespace Fairlead.Tests.RandomWorld;

/// <summary>A hub whose clients come, send and leave: the events of each are in order, and so are the broadcasts.</summary>
internal sealed class HubScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    protected override async Task ActAsync()
    {
        Hub hub = Bind(address => Hub.Bind(address, new() { HandshakeTimeout = Unhurried, MaxClients = Random.Next(2, 10) }));
        Task hearing = HearAsync(hub);
        Random chance = new(Random.Next());
        Task[] clients = [.. Several(1, 4, TalkAsync), .. Several(0, 1, own => ActorsAsync(own, "pair"))];
        int from = NewFrom();
        for (int i = 0; !Curtain.IsCancellationRequested; i++)
        {
            hub.Broadcast(Payload.Make(i, SizeOf(chance), from));
            foreach (HubClient client in hub.Clients.Where(_ => Chance(chance, 0.05)))
            {
                if (Chance(chance, 0.1))
                {
                    hub.Disconnect(client, "enough of you");
                }
                else
                {
                    _ = hub.TrySend(client, Payload.Make(0, 50, NewFrom()));
                }
            }

            await PauseAsync(chance, 3);
        }

        await EndAsync(hub, Random);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => hearing);
        await Task.WhenAll(clients);
    }

    private async Task HearAsync(Hub hub)
    {
        Dictionary<int, int> heard = [];
        HashSet<int> left = [];
        await foreach (HubEvent happened in hub.Events())
        {
            int client = happened.Client.Number;
            Assert.DoesNotContain(client, left);
            switch (happened)
            {
                case HubEvent.Joined:
                    Assert.True(heard.TryAdd(client, -1));
                    break;
                case HubEvent.Said said:
                    (int number, _) = Read(said.Message.Span);
                    Assert.True(number > heard[client], $"Of client {client} message {number} came after {heard[client]}.");
                    heard[client] = number;
                    break;
                default:
                    Assert.Contains(client, heard);
                    left.Add(client);
                    break;
            }
        }
    }

    private async Task TalkAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            try
            {
                Pair pair = Enter(await Pair.ConnectAsync(Meeting(own, mayReconnect: false), Patient));
                Task listening = Task.Run(async () =>
                {
                    ConcurrentDictionary<int, int> last = new();
                    await foreach (Message message in pair.ReceiveAllAsync())
                    {
                        (int number, int from) = Read(message.Span);
                        Assert.True(
                            number > last.GetValueOrDefault(from, -1),
                            $"Broadcast {number} came after {last.GetValueOrDefault(from, -1)}.");
                        last[from] = number;
                    }
                });
                int me = NewFrom();
                try
                {
                    for (int i = 0; i < own.Next(200) && !Curtain.IsCancellationRequested; i++)
                    {
                        await pair.SendAsync(Payload.Make(i, SizeOf(own), me).AsSpan());
                    }
                }
                catch (Exception exception) when (IsExcused(exception, Cause.PeerLeaves))
                {
                    // Sent away.
                }

                await EndAsync(pair, own);
                try
                {
                    await listening;
                }
                catch (Exception exception) when (IsExcused(exception, Cause.PeerLeaves | Cause.OwnEnd))
                {
                    // The pair has ended, or the hub has disconnected it.
                }
            }
            catch (Exception exception)
                when (IsExcused(exception, Cause.PeerIsTaken | If(Curtain.IsCancellationRequested, Cause.PeerLeaves)))
            {
                // No free place, or no hub there.
            }
        }
    }
}
