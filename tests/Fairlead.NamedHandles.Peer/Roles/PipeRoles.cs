using System.Globalization;
using System.IO.Pipes;
using ClientStream = Fairlead.NamedHandles.NamedPipeClientStream;
using ServerStream = Fairlead.NamedHandles.NamedPipeServerStream;

namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>What a second process does with named pipes. It reports by lines, and goes on when it gets one.</summary>
internal static class PipeRoles
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        switch (arguments)
        {
            case ["pipe-echo", var name, var mode, var instances]:
                await EchoAsync(name, Enum.Parse<PipeTransmissionMode>(mode), (int)Number(instances)).ConfigureAwait(false);
                break;
            case ["pipe-ask", var name, var text]:
                Ask(name, text);
                break;
            case ["pipe-write", var name, var size]:
                Write(name, Number(size));
                break;
            case ["pipe-serve-write", var name, var size]:
                ServeWrite(name, Number(size));
                break;
            case ["pipe-silent", var name]:
                Silent(name);
                break;
            case ["pipe-many", var name, var times]:
                Many(name, 10);
                int before = Descriptors();
                Many(name, Number(times));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before} {Descriptors()}"));
                Console.ReadLine();
                break;
            default:
                throw new ArgumentException($"There is no role '{string.Join(' ', arguments)}'.");
        }

        return 0;
    }

    private static async Task EchoAsync(string name, PipeTransmissionMode mode, int instances)
    {
        using CancellationTokenSource end = new();
        Task[] all = [.. Enumerable.Range(0, instances).Select(_ => EchoAsync(Server(name, mode), end.Token))];
        Console.WriteLine("ready");
        Console.ReadLine();
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(all).ConfigureAwait(false);
        Console.WriteLine("ended");
    }

    private static async Task EchoAsync(ServerStream server, CancellationToken end)
    {
        byte[] buffer = new byte[1024];
        await using (server.ConfigureAwait(false))
        {
            try
            {
                while (true)
                {
                    await server.WaitForConnectionAsync(end).ConfigureAwait(false);
                    int count;
                    while ((count = await server.ReadAsync(buffer, end).ConfigureAwait(false)) > 0)
                    {
                        await server.WriteAsync(buffer.AsMemory(0, count), end).ConfigureAwait(false);
                    }

                    server.Disconnect();
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static void Ask(string name, string text)
    {
        using ClientStream client = new(".", name);
        client.Connect();
        client.Write(System.Text.Encoding.UTF8.GetBytes(text));
        byte[] answer = new byte[1024];
        int count = client.Read(answer);
        Console.WriteLine(System.Text.Encoding.UTF8.GetString(answer, 0, count));
        Console.ReadLine();
    }

    private static void Write(string name, long size)
    {
        using ClientStream client = new(".", name);
        client.Connect();
        Console.WriteLine("connected");
        Console.ReadLine();
        client.Write(new byte[size]);
        Console.WriteLine("written");
        Console.ReadLine();
    }

    private static void ServeWrite(string name, long size)
    {
        using ServerStream server = Server(name, PipeTransmissionMode.Message);
        Console.WriteLine("ready");
        server.WaitForConnection();
        server.Write(new byte[size]);
        Console.WriteLine("written");
        Console.ReadLine();
    }

    private static void Silent(string name)
    {
        using ServerStream server = Server(name, PipeTransmissionMode.Message);
        Console.WriteLine("ready");
        server.WaitForConnection();
        Console.WriteLine("connected");
        Console.ReadLine();
    }

    private static void Many(string name, long times)
    {
        for (long i = 0; i < times; i++)
        {
            PipeTransmissionMode mode = i % 2 == 0 ? PipeTransmissionMode.Byte : PipeTransmissionMode.Message;
            using ServerStream server = Server(name, mode);
            using ClientStream client = new(name);
            client.Connect();
            server.WaitForConnection();
            _ = client.SafePipeHandle;
            Task<int> reading = client.ReadAsync(new byte[1]).AsTask();
            server.WriteByte(1);
            _ = reading.GetAwaiter().GetResult();
        }
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static ServerStream Server(string name, PipeTransmissionMode mode) =>
        new(name, PipeDirection.InOut, ServerStream.MaxAllowedServerInstances, mode, PipeOptions.Asynchronous);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
