namespace Fairlead.Conformance.Contracts;

/// <content>The sending process is killed.</content>
public abstract partial class CrashContract
{
    [Fact]
    public async Task A_sender_killed_in_the_middle_of_a_stream_loses_nothing_that_it_wrote()
    {
        Talker talker = await StartTalkerAsync();
        await talker.Peer.AskAsync("flood 500");
        for (int i = 0; i < 1_000; i++)
        {
            using Message? message = talker.Next();
            Assert.Equal(i, Payload.Check(message!.Value.Span).Number);
        }

        await talker.Peer.KillAsync();

        // Everything that had arrived is whole and in order; then the peer is reported as gone.
        int next = 1_000;
        while (talker.Next() is { } message)
        {
            Assert.Equal(next++, Payload.Check(message.Span).Number);
            message.Dispose();
        }

        Output.WriteLine($"{next} messages arrived");
    }

    [Fact]
    public async Task A_sender_killed_in_the_middle_of_a_long_message_delivers_no_part_of_it()
    {
        Talker talker = await StartTalkerAsync(Transport.IsNetwork ? "maxmessage=256MiB" : "");
        await talker.Peer.AskAsync("send 1 100");
        await talker.Peer.AskAsync("long 200000000");
        using (Message? message = talker.Next())
        {
            Assert.Equal(0, Payload.Check(message!.Value.Span).Number);
        }

        await talker.Peer.KillAsync();

        if (talker.Next() is { } whole)
        {
            // The kernel may already have had all of it.
            Assert.Equal(200_000_000, whole.Length);
            whole.Dispose();
            Assert.Null(talker.Next());
        }

        if (talker.Hub is { } hub)
        {
            await StartConnectedAsync("pair", OtherEnd(hub.Address));
            Assert.Equal(2, Assert.IsType<HubEvent.Joined>(hub.NextEvent()).Client.Number);
        }
    }

    /// <summary>Starts a process that talks to a hub here, or to a receiver if a place serves only one peer.</summary>
    private async Task<Talker> StartTalkerAsync(string options = "")
    {
        if (!Transport.ServesMany)
        {
            (PeerProcess bound, Address address) = await StartAsync("pair");
            return new Talker(bound, null, Track(await Pair.ConnectAsync(With(address, options))));
        }

        Hub hub = Track(await Hub.BindAsync(NewPlace(options)));
        PeerProcess peer = await StartConnectedAsync("pair", OtherEnd(hub.Address));
        Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        return new Talker(peer, hub, null);
    }

    private sealed record Talker(PeerProcess Peer, Hub? Hub, Pair? Pair)
    {
        /// <summary>Returns its next message; null when it has died.</summary>
        public Message? Next()
        {
            if (Hub is null)
            {
                try
                {
                    return Pair!.Receive();
                }
                catch (FairleadException end) when (end.Reason == CloseReason.PeerDied)
                {
                    return null;
                }
            }

            HubEvent next = Hub.NextEvent()!;
            if (next is HubEvent.Said said)
            {
                return said.Message;
            }

            Assert.Equal(CloseReason.PeerDied, Assert.IsType<HubEvent.Left>(next).Reason);
            return null;
        }
    }
}
