using System.Globalization;

namespace Fairlead.Conformance.Contracts;

/// <summary>What an endpoint costs: nothing while it is idle, and no managed memory for a message. Measured in processes where nothing else happens.</summary>
public abstract class CostContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData("nobody waits")]
    [InlineData("a task waits")]
    public async Task An_idle_endpoint_uses_no_processor(string who)
    {
        (PeerProcess server, Address there) = await StartBoundAsync("receiver", NewPlace());
        PeerProcess client = await StartConnectedAsync("sender", there);

        // Not from the beginning: after a stream, of which nothing may go on running.
        await server.TellAsync("take 5000");
        await client.AskAsync("send 5000 64");
        await server.AnswerAsync();
        if (who == "a task waits")
        {
            await server.AskAsync("run");
        }

        Assert.All(await Task.WhenAll(server.BecomesQuietAsync(Output.WriteLine), client.BecomesQuietAsync(Output.WriteLine)), static isQuiet => Assert.True(isQuiet, "It never became quiet."));
        await client.AskAsync("send 1 64");
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
        if (asks == "request" && Excludes(Transport.CarriesAnswers, "nothing comes back"))
        {
            return;
        }

        string count = asks != "request" ? "60000" : "4000";
        (PeerProcess server, Address there) = await StartBoundAsync("steady", NewPlace(), answers, serverCalls, count);
        PeerProcess client = await StartConnectedAsync("steady", there, asks, clientCalls, count);

        foreach (PeerProcess process in new[] { client, server })
        {
            long[] rounds = [.. (await process.AnswerAsync()).Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
            Output.WriteLine($"bytes allocated for {count} messages each, at the {(process == client ? "client" : "server")}: {string.Join(", ", rounds)}");

            // The smallest object has 24 bytes: less than one byte a message is nothing per message. Pools still grow now and then: the best round counts.
            Assert.InRange(rounds.Min(), 0, long.Parse(count, CultureInfo.InvariantCulture));
        }
    }
}
