using System.Net;
using System.Net.Sockets;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>A server at a FIFO and at other addresses.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ServeFifoTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [NeedsProgramFact("mkfifo")]
    public async Task A_server_without_free_descriptors_opens_its_FIFO_again_when_some_are_free()
    {
        string path = await FifoAsync();
        ToolProcess server = _home.StartShell(
            $"ulimit -n 150; fairlead serve date tcp://127.0.0.1:0 'fifo://{path}' --verbose --zone UTC");
        string address = (await server.ErrorLineAsync("listening on "))["listening on ".Length..];
        await TellAsync(path);
        Socket[] clients = [.. Enumerable.Range(0, 150).Select(_ => Connect(address))];
        try
        {
            await server.ErrorLineAsync("fairlead: clients have to wait");
            await TellAsync(path);
        }
        finally
        {
            Array.ForEach(clients, static client => client.Dispose());
        }

        await TellAsync(path);
        using Socket last = Connect(address);
        Assert.True(await last.ReceiveAsync(new byte[20]).WaitAsync(Watchdog) > 0);
    }

    private static Socket Connect(Address address)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, address.Port!.Value);
        return socket;
    }

    private async Task TellAsync(string path) =>
        Assert.Matches(@"^\d{4}-\d\d-\d\d ", (await _home.StartProgram(["cat", path]).EndAsync()).Output);

    private async Task<string> FifoAsync()
    {
        string path = Path.Combine(_home.Work, "fifo");
        Assert.Equal(0, (await _home.StartProgram(["mkfifo", path]).EndAsync()).ExitCode);
        return path;
    }
}
