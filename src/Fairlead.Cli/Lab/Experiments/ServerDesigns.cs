using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Iterative, process for each client, multiplexed: who is served while one client is silent?</summary>
internal sealed class ServerDesigns : Experiment
{
    public override string Name => "server-designs";

    public override string Question => "One client connects and is silent: are the others served?";

    public override string Watch =>
        "The iterative server serves the second client only when the silent one has gone. The other two designs serve it immediately.";

    public override IReadOnlyList<Role> Roles =>
    [
        new("iterative", ServeIteratively),
        new("per-client", ServePerClient),
        new("worker", ServeInWorker),
        new("multiplexed", ServeMultiplexed),
        new("silent", Connect),
        new("talking", Connect),
    ];

    public override async Task PlayAsync(Director director)
    {
        bool iterative = await ServesBesideASilentOneAsync(director, "iterative");
        bool perClient = await ServesBesideASilentOneAsync(director, "per-client");
        bool multiplexed = await ServesBesideASilentOneAsync(director, "multiplexed");
        director.Claim("An iterative server lets the second client wait.", !iterative, Told(iterative));
        director.Claim("A server with a process for each client serves it immediately.", perClient, Told(perClient));
        director.Claim("So does a multiplexed server, in one thread.", multiplexed, Told(multiplexed));
    }

    private static string Told(bool isServed) =>
        isServed ? "the second client had its answer while the first was silent" : "it had its answer only after the first had gone";

    private static async Task<bool> ServesBesideASilentOneAsync(Director director, string design)
    {
        ActorProcess server = director.Start(design);
        await server.ReachesAsync("listening");
        ActorProcess silent = director.Start("silent", $"silent ({design[0]})");
        await silent.ReachesAsync("connected");
        await server.ReachesAsync("accepted 1");
        ActorProcess talking = director.Start("talking", $"talking ({design[0]})");
        await talking.PassAsync("connected");
        await talking.ReachesAsync("asked");
        bool isBeside;
        if (design == "iterative")
        {
            // It sleeps in the read of the silent client: it cannot have seen the second.
            await server.SleepsAsync();
            isBeside = talking.HasReached("answered");
        }
        else
        {
            await talking.ReachesAsync("answered");
            isBeside = true;
        }

        await silent.KillAsync();
        await talking.ReachesAsync("answered");
        await talking.FinishesAsync();
        await server.KillAsync();
        return isBeside;
    }

    private static Socket Listen(Actor actor)
    {
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(actor.Folder, $"server-{actor.Role}")));
        listener.Listen();
        File.WriteAllText(Path.Combine(actor.Folder, "server"), $"server-{actor.Role}");
        actor.Says("listens");
        actor.Reaches("listening");
        return listener;
    }

    private static void ServeIteratively(Actor actor)
    {
        using Socket listener = Listen(actor);
        for (int client = 1; ; client++)
        {
            using Socket connection = listener.Accept();
            actor.Says($"accepts client {client}, and serves it to its end");
            actor.Reaches($"accepted {client}");
            Echo(actor, connection);
        }
    }

    private static void ServePerClient(Actor actor)
    {
        using Socket listener = Listen(actor);
        for (int client = 1; ; client++)
        {
            Socket connection = listener.Accept();
            actor.Says($"accepts client {client}, and starts a process for it");
            (string program, IEnumerable<string> arguments) =
                Processes.OwnProgram.With(Commands.LabActorCommand.Verb, "server-designs", "worker", actor.Folder);
            using (connection)
            {
                // The child inherits the connection under number 3. Its stdin is this process's lifeline for it.
                _ = Fairlead.Processes.ChildProcess.Start(
                    program,
                    arguments,
                    new()
                    {
                        StandardInput = Fairlead.Processes.Redirection.Pipe,
                        Descriptors = new Dictionary<int, SafeHandle> { [3] = connection.SafeHandle },
                        TiedToParent = true,
                    });
            }

            actor.Reaches($"accepted {client}");
        }
    }

    private static void ServeInWorker(Actor actor)
    {
        using Socket connection = new(new SafeSocketHandle(3, ownsHandle: true));

        // It writes its events into the stdout of its parent.
        actor.IsGuest = true;
        actor.Says($"serves one client as pid {Environment.ProcessId}");
        Echo(actor, connection);
    }

    private static void ServeMultiplexed(Actor actor)
    {
        using Socket listener = Listen(actor);
        List<Socket> clients = [];
        byte[] buffer = new byte[64];
        int accepted = 0;
        while (true)
        {
            List<Socket> ready = [listener, .. clients];
            Socket.Select(ready, null, null, -1);
            foreach (Socket socket in ready)
            {
                if (socket == listener)
                {
                    clients.Add(listener.Accept());
                    accepted++;
                    actor.Says($"accepts client {accepted}, and goes on waiting for all");
                    actor.Reaches($"accepted {accepted}");
                }
                else if (socket.Receive(buffer) is var read and > 0)
                {
                    Answer(actor, socket, buffer.AsSpan(0, read));
                }
                else
                {
                    clients.Remove(socket);
                    socket.Dispose();
                }
            }
        }
    }

    private static void Echo(Actor actor, Socket connection)
    {
        byte[] buffer = new byte[64];
        for (int read; (read = connection.Receive(buffer)) > 0;)
        {
            Answer(actor, connection, buffer.AsSpan(0, read));
        }
    }

    /// <summary>The text names its client, so each arrow of the chart finds its end.</summary>
    private static void Answer(Actor actor, Socket connection, ReadOnlySpan<byte> question)
    {
        string text = Encoding.ASCII.GetString(question);
        actor.Receives(text);
        actor.Sends($"the same: {text}");
        connection.Send(question);
    }

    private static void Connect(Actor actor)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(actor.Folder, File.ReadAllText(Path.Combine(actor.Folder, "server")))));
        actor.Says(actor.Role == "silent" ? "is connected, and silent" : "is connected");
        actor.Turn("connected");
        string question = $"hello from pid {Environment.ProcessId}";
        actor.Sends(question);
        socket.Send(Encoding.ASCII.GetBytes(question));
        actor.Reaches("asked");
        byte[] buffer = new byte[64];
        using (actor.Waits("for the answer", "has the answer"))
        {
            string answer = Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
            actor.Receives($"the same: {answer}");
            actor.Fact("answer", answer);
        }

        actor.Reaches("answered");
    }
}
