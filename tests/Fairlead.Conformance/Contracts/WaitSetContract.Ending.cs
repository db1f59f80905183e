using System.Text;

namespace Fairlead.Conformance.Contracts;

/// <content>Endpoints that close, and peers that end.</content>
public abstract partial class WaitSetContract
{
    [Fact]
    public async Task Closing_an_endpoint_is_reported_once_and_detaches_it()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        WaitSet set = Track(new WaitSet());
        WaitAttachment ofReceiver = set.Attach(receiver);
        WaitAttachment ofSender = set.Attach(sender);

        Task<WaitEvent[]> waiting = OnThread(() => set.Wait().ToArray());
        await Task.Yield();
        receiver.Dispose();

        // The peer's end may be seen first, or in the same wait; it is reported as long as it lasts.
        List<WaitEvent> seen = [.. await waiting];
        while (!seen.Exists(ready => ready.Attachment == ofReceiver))
        {
            seen.AddRange(await OnThread(() => set.Wait().ToArray()));
        }

        Assert.Equal(new WaitEvent(ofReceiver, Readiness.Closed, 1), Assert.Single(seen, ready => ready.Attachment == ofReceiver));
        Assert.All(seen.Where(ready => ready.Attachment == ofSender), static ready => Assert.Equal(Readiness.Ended, ready.Ready));
        Assert.False(ofReceiver.IsAttached);
        ofSender.Dispose();
        Assert.Equal(0, set.Count);
        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());
        Assert.Throws<ObjectDisposedException>(() => set.Attach(receiver));
    }

    [Fact]
    public async Task The_end_of_a_peer_is_reported_after_its_messages_were_received()
    {
        SkipUnless(Transport.HasPeers, "it outlives its senders, so there is no end");

        (Sender sender, Receiver receiver) = await OpenAsync(senderBinds: true);
        WaitSet set = Track(new WaitSet());
        WaitAttachment attachment = set.Attach(receiver);
        sender.Send("1"u8);
        await EndsAtAsync(TimeSpan.Zero, sender.CloseAsync(TimeSpan.Zero).AsTask());

        Assert.Equal(Readiness.Readable, (await NextAsync(set)).Ready);
        Take(receiver, "1");
        Assert.Equal(Readiness.Ended, (await NextAsync(set)).Ready);
        Assert.Equal(Readiness.Ended, (await NextAsync(set)).Ready);
        Fails(ErrorCode.PeerGone, () => receiver.TryReceive(out _));
        attachment.Dispose();
        Assert.Empty(set.Wait(TimeSpan.Zero).ToArray());
    }

    [Fact]
    public async Task The_death_of_another_process_ends_the_wait()
    {
        SkipUnless(Transport.HasPeers, "it outlives its senders, so there is no end");
        SkipUnless(Transport.CrossesProcesses, "it has one process");

        (PeerProcess peer, Address there) = await StartBoundAsync("sender", NewPlace());
        Receiver receiver = Track(await Receiver.ConnectAsync(there));
        WaitSet set = Track(new WaitSet());
        set.Attach(receiver);
        Task<WaitEvent> waiting = NextAsync(set);
        await peer.AskAsync("send 1 8");
        Assert.Equal(Readiness.Readable, (await waiting).Ready);
        Assert.True(receiver.TryReceive(out Message message));
        message.Dispose();

        waiting = NextAsync(set);
        await peer.KillAsync();
        Assert.Equal(Readiness.Ended, (await waiting).Ready);
    }

    [Fact]
    public async Task Attaching_and_closing_endpoints_at_any_moment_loses_no_message_and_blocks_no_wait()
    {
        Random random = NewRandom();
        Receiver stable = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(OtherEnd(stable.Address)));
        WaitSet set = Track(new WaitSet());
        set.Attach(stable, state: stable);
        const int Count = 300;
        Task<int> waiting = OnThread(() =>
        {
            int next = 0;
            while (next < Count)
            {
                foreach (WaitEvent ready in set.Wait())
                {
                    if (ready.State == stable && stable.TryReceive(out Message message))
                    {
                        using (Handled(message))
                        {
                            // Connections to a broker are shared: when one ends, the broker hands out again, with its mark, what was
                            // not yet acknowledged.
                            int number = Payload.Check(message.Span).Number;
                            if (!message.Redelivered || number >= next)
                            {
                                Assert.Equal(next++, number);
                            }
                        }
                    }
                    else if (ready.Ready == Readiness.Ended)
                    {
                        ready.Attachment.Dispose();
                    }
                }
            }

            return next;
        });
        for (int i = 0; i < Count; i++)
        {
            Receiver other = await Receiver.BindAsync(NewPlace());
            WaitAttachment attachment = set.Attach(other);
            Sender? toOther = random.Next(2) == 0 ? await Sender.ConnectAsync(OtherEnd(other.Address)) : null;
            toOther?.Send("x"u8);
            await sender.SendAsync(Payload.Make(i, 8));
            if (random.Next(2) == 0)
            {
                attachment.Dispose();
            }

            other.Dispose();
            toOther?.Dispose();
        }

        Assert.Equal(Count, await waiting);
    }
}
