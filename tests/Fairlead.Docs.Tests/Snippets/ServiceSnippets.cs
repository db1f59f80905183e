using Fairlead.Processes;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/services.md</summary>
public sealed class ServiceSnippets
{
    [Fact]
    public void Ports_are_reserved()
    {
        using PortReservation reservation = PortReservation.Tcp(count: 2, range: (5000, 5999));
        foreach (int port in reservation.Ports)
        {
            Console.WriteLine(port);
        }

        Assert.All(reservation.Ports, static port => Assert.InRange(port, 5000, 5999));
    }

    [Fact]
    public void The_port_of_a_service_is_found()
    {
        if (File.Exists("/etc/services"))
        {
            int ssh = ServicePort.PortOf("ssh");
            Assert.Equal(22, ssh);
        }
    }

    [Fact]
    public async Task A_program_serves_a_client()
    {
        List<ChildProcess> children = [];
        File.Delete("/tmp/shout");
        Task<string> asking = AskAsync();
        using SocketListener listener = SocketListener.Bind("unix:///tmp/shout");
        using WaitSet set = new();
        set.Attach(listener.Handle);
        set.Wait();
        if (listener.TryAccept(out SocketConnection? connection))
        {
            using (connection)
            {
                ChildProcess child = ChildProcess.Start(
                    "tr",
                    ["a-z", "A-Z"],
                    new ChildProcessOptions
                    {
                        StandardInput = Redirection.To(connection.ForProgram()),
                        StandardOutput = Redirection.To(connection.ForProgram()),
                    });
                children.Add(child);
            }
        }

        Assert.Equal("HELLO", await asking);
        await Assert.Single(children).DisposeAsync();
    }

    private static async Task<string> AskAsync()
    {
        await using Pair client = await Pair.ConnectAsync("unix:///tmp/shout?framing=line&wait=1m");
        await client.SendAsync("hello"u8);
        client.EndSending();
        using Message answer = await client.ReceiveAsync();
        return answer.Text;
    }
}
