using System.Globalization;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Programs;

/// <summary>The server of commands over a pipe in message mode.</summary>
[FullRun(Reason.Repeats)]
public sealed class CommandServerTests
{
    private const int Clients = 10;
    private const int LongAnswer = 100_000;

    private readonly string _name = $"p{Guid.NewGuid():N}";

    [Fact]
    public async Task Ten_clients_get_complete_answers()
    {
        using PeerProcess server = await PeerProcess.StartAsync("serving", "commands", "serve", _name);
        PeerProcess[] clients = [.. Enumerable.Range(0, Clients).Select(_ => PeerProcess.Start("commands", "call", _name))];
        try
        {
            foreach (PeerProcess client in clients)
            {
                await client.TellAsync("add 1 2 39");
                await client.SaysAsync("42");
            }

            foreach (PeerProcess client in clients)
            {
                await client.TellAsync($"repeat x {LongAnswer}", "add");
                await client.SaysAsync(new string('x', LongAnswer), "0");
            }

            Assert.All(await Task.WhenAll(clients.Select(static client => client.EndAsync())), Assert.Empty);
        }
        finally
        {
            Array.ForEach(clients, static client => client.Dispose());
        }

        Assert.Empty(await server.EndAsync());
    }

    [Fact]
    public async Task A_killed_client_frees_its_instance_and_a_killed_server_is_replaced()
    {
        using PeerProcess server = await PeerProcess.StartAsync("serving", "commands", "serve", _name);
        for (int i = 0; i <= Clients; i++)
        {
            using PeerProcess client = PeerProcess.Start("commands", "call", _name);
            await client.TellAsync("add 1");
            await client.SaysAsync("1");
            await client.KillAsync();
        }

        using PeerProcess last = PeerProcess.Start("commands", "call", _name);
        await last.TellAsync("server");
        long before = long.Parse(await last.LineAsync(), CultureInfo.InvariantCulture);
        await server.KillAsync();
        using PeerProcess next = await PeerProcess.StartAsync("serving", "commands", "serve", _name);
        await last.TellAsync("server");
        Assert.NotEqual(before, long.Parse(await last.LineAsync(), CultureInfo.InvariantCulture));
        Assert.Empty(await last.EndAsync());
        Assert.Empty(await next.EndAsync());
    }
}
