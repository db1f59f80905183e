using Fairlead.Conformance.Faults;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>A message to many peers, for one of which there is no memory: that peer's link ends, and the others get the message.</summary>
[SlowRun]
public sealed class GivingFaultTests(ITestOutputHelper output) : WatchedTest(output)
{
    private readonly FaultPlan _plan = new(0);

    [Theory]
    [InlineData("unix", OverflowPolicy.DropNewest)]
    [InlineData("unix", OverflowPolicy.Fail)]
    [InlineData("unixpacket", OverflowPolicy.DropNewest)]
    public async Task The_other_subscribers_get_a_message_for_which_one_subscriber_has_no_memory(string scheme, OverflowPolicy policy)
    {
        Address place = Spoiled(scheme);
        Publisher publisher = Track(Publisher.Bind(place, new PublisherOptions { OverflowPolicy = policy }));
        Subscriber[] subscribers =
            [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Subscriber.ConnectAsync(publisher.Address).AsTask()))];
        await publisher.WaitForSubscribersAsync("topic", subscribers.Length);

        FailOnce();
        Assert.Equal(2, publisher.Publish("topic", "first"u8));
        await Polling.Until(() => publisher.Core.LinkSnapshot.Length == 2);
        Assert.Equal(2, publisher.Publish("topic", "second"u8));

        int complete = 0;
        foreach (Subscriber subscriber in subscribers)
        {
            complete += await ReadsBothAsync(() => subscriber.ReceiveAsync()) ? 1 : 0;
            await subscriber.DisposeAsync();
        }

        Assert.Equal(2, complete);
        FaultyTransport.Mend(place);
    }

    [Theory]
    [InlineData("unix", null)]
    [InlineData("unix", OverflowPolicy.DropOldest)]
    [InlineData("unixpacket", null)]
    public async Task The_other_clients_get_a_broadcast_for_which_one_client_has_no_memory(string scheme, OverflowPolicy? policy)
    {
        Address place = Spoiled(scheme);
        Hub hub = Track(Hub.Bind(place, new HubOptions { OverflowPolicy = policy }));
        Pair[] clients = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Pair.ConnectAsync(hub.Address).AsTask()))];
        for (int i = 0; i < clients.Length; i++)
        {
            Assert.IsType<HubEvent.Joined>(hub.NextEvent());
        }

        FailOnce();
        Assert.Equal(2, hub.Broadcast("first"u8));
        Assert.Equal(CloseReason.Limit, Assert.IsType<HubEvent.Left>(hub.NextEvent()).Reason);
        Assert.Equal(2, hub.Broadcast("second"u8));

        int complete = 0;
        foreach (Pair client in clients)
        {
            complete += await ReadsBothAsync(() => client.ReceiveAsync()) ? 1 : 0;
            await client.DisposeAsync();
        }

        Assert.Equal(2, complete);
        FaultyTransport.Mend(place);
    }

    /// <summary>Neither the reply nor the error that would replace it finds memory: the loop serves the other requesters.</summary>
    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    public async Task A_responder_serves_other_requesters_after_a_reply_and_its_error_found_no_memory(string scheme)
    {
        Address place = Spoiled(scheme);
        Responder responder = Track(Responder.Bind(place));
        int failing = 0;
        Task serving = responder.RunAsync((request, _) =>
        {
            if (request.Text == "poor")
            {
                Volatile.Write(ref failing, 1);
            }

            return request.Memory;
        });
        await using Requester poor = await Requester.ConnectAsync(responder.Address);
        await using Requester good = await Requester.ConnectAsync(responder.Address);
        using (await good.RequestAsync("before"u8))
        {
        }

        _plan.BeforeReserve = () =>
        {
            if (Volatile.Read(ref failing) != 0)
            {
                throw new InsufficientMemoryException();
            }
        };
        await Assert.ThrowsAsync<FairleadException>(() => poor.RequestAsync("poor"u8).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        _plan.BeforeReserve = null;
        using (Message reply = await good.RequestAsync("behind"u8))
        {
            Assert.Equal("behind", reply.Text);
        }

        Assert.False(serving.IsCompleted);
        FaultyTransport.Mend(place);
    }

    private static async Task<bool> ReadsBothAsync(Func<ValueTask<Message>> receive)
    {
        try
        {
            foreach (string expected in new[] { "first", "second" })
            {
                using Message message = await receive();
                Assert.Equal(expected, message.Text);
            }

            return true;
        }
        catch (FairleadException)
        {
            // Its link has ended.
            return false;
        }
    }

    private Address Spoiled(string scheme)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        FaultyTransport.Spoil(place, _plan, null);
        return place;
    }

    /// <summary>The memory of the next message is not available.</summary>
    private void FailOnce()
    {
        int calls = 0;
        _plan.BeforeReserve = () =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                throw new InsufficientMemoryException();
            }
        };
    }
}
