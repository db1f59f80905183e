using System.Globalization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// The cost of an endpoint: no processor time while it is idle, and no managed memory per message. Measured in processes that do nothing
/// else.
/// </summary>
[SlowRun]
public abstract class CostContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private const int MostRounds = 40;

    /// <summary>
    /// Two endpoints: a task awaits the messages of one, nothing awaits those of the other. The quiet window is the same for both.
    /// </summary>
    [Fact]
    public async Task An_idle_endpoint_uses_no_processor()
    {
        PeerProcess[] blocking = await StartIdleAsync(isAwaited: false);
        PeerProcess[] awaiting = await StartIdleAsync(isAwaited: true);

        bool[] areQuiet = await Task.WhenAll(blocking.Concat(awaiting).Select(peer => peer.BecomesQuietAsync(Output.WriteLine)));

        Assert.Equal([true, true, true, true], areQuiet);
        await blocking[1].AskAsync("send 1 64");
        await awaiting[1].AskAsync("send 1 64");
    }

    [Theory]
    [InlineData("send", "receive", "blocking", "blocking")]
    [InlineData("send", "receive", "async", "async")]
    [InlineData("send", "receive", "blocking", "async")]
    [InlineData("send", "receive", "async", "blocking")]
    [InlineData("gather", "receive", "blocking", "async")]
    [InlineData("gather", "receive", "async", "blocking")]
    [InlineData("request", "reply", "blocking", "blocking")]
    [InlineData("request", "reply", "async", "async")]
    public async Task A_message_costs_no_managed_memory(string asks, string answers, string clientCalls, string serverCalls)
    {
        SkipUnless(Transport.AllocatesNothing, "a message allocates there");
        SkipUnless(asks != "request" || Transport.CarriesAnswers, "nothing comes back");

        int count = asks != "request" ? TestSize.Of(5_000, full: 20_000) : TestSize.Of(1_000, full: 2_000);
        (PeerProcess server, Address there) = await StartBoundAsync("steady", NewPlace(), answers, serverCalls, $"{count}");
        PeerProcess client = await StartConnectedAsync("steady", there, asks, clientCalls, $"{count}");

        // The smallest object has 24 bytes: less than one byte per message means that no message allocates. Pools grow at first, and now
        // and then later: the best round of each counts.
        List<long> clientRounds = [];
        List<long> serverRounds = [];
        bool IsNothing(List<long> rounds) => rounds.Exists(bytes => bytes < count);
        while (clientRounds.Count < MostRounds && !(IsNothing(clientRounds) && IsNothing(serverRounds)))
        {
            await server.TellAsync("round");
            await client.TellAsync("round");
            clientRounds.Add(long.Parse(await client.AnswerAsync(), CultureInfo.InvariantCulture));
            serverRounds.Add(long.Parse(await server.AnswerAsync(), CultureInfo.InvariantCulture));
        }

        Output.WriteLine(
            $"bytes allocated for {count} messages each, at the client: {string.Join(", ", clientRounds)}; at the server: "
                + $"{string.Join(", ", serverRounds)}");
        Assert.True(IsNothing(clientRounds), "The client never played a round in which a message cost nothing.");
        Assert.True(IsNothing(serverRounds), "The server never played a round in which a message cost nothing.");
    }

    /// <summary>Starts a receiver and its sender. The measurement begins after a stream, nothing of which may still be running.</summary>
    private async Task<PeerProcess[]> StartIdleAsync(bool isAwaited)
    {
        (PeerProcess server, Address there) = await StartBoundAsync("receiver", NewPlace());
        PeerProcess client = await StartConnectedAsync("sender", there);
        await server.TellAsync("take 5000");
        await client.AskAsync("send 5000 64");
        await server.AnswerAsync();
        if (isAwaited)
        {
            await server.AskAsync("run");
        }

        return [server, client];
    }
}
