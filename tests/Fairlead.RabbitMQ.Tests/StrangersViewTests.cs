namespace Fairlead.RabbitMQ.Tests;

/// <summary>The broker, and an end that connects through it, see the file name of a program and no argument.</summary>
[Collection(PausedBroker.Name)]
public sealed class StrangersViewTests(PausedBroker paused)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task No_command_line_argument_reaches_the_broker_or_a_peer()
    {
        Address address = paused.Node.Address("strangers");
        await using Receiver receiver = await Receiver.BindAsync(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Hub hub = await Hub.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address);
        HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync(Patience));
        string properties = paused.Node.Control("list_connections", "--quiet", "--no-table-headers", "client_properties");
        string file = Path.GetFileName(Environment.ProcessPath!);
        Assert.Contains($"\"{file}, pid {Environment.ProcessId}, publishing\"", properties, StringComparison.Ordinal);
        Assert.Contains($"\"{file}, pid {Environment.ProcessId}, consuming\"", properties, StringComparison.Ordinal);

        // Words such as "client" are among the arguments and the broker's own texts. Options and paths are not.
        string[] arguments =
        [
            .. File.ReadAllText("/proc/self/cmdline")
                .Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(static argument => argument.StartsWith("--", StringComparison.Ordinal) || argument.StartsWith('/')),
        ];
        string seen = string.Join(
            '\n',
            properties,
            paused.Node.Control("list_consumers", "--quiet", "--no-table-headers", "queue_name", "consumer_tag", "arguments"),
            joined.Client.Peer.Program,
            pair.Peers.Single().Program);
        Assert.NotEmpty(arguments);
        Assert.DoesNotContain(arguments, argument => seen.Contains(argument, StringComparison.Ordinal));
    }
}
