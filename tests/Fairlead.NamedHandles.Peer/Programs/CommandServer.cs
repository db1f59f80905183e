using System.Globalization;
using System.IO.Pipes;
using System.Text;

namespace Programs;

/// <summary>
/// A server of commands for ten clients, over a pipe in message mode: a command and its answer are one message each, however long. If a
/// client is killed, its instance of the pipe serves the next one. If the server is killed, its clients connect to the next one and send
/// their command again.
/// </summary>
internal static class CommandServer
{
    private const int Clients = 10;
    private const int BufferSize = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Runs <c>serve NAME</c> until its input ends, or <c>call NAME</c>, whose input is the commands.</summary>
    public static int Run(string[] args)
    {
        if (args[0] == "serve")
        {
            ServeAsync(args[1]).GetAwaiter().GetResult();
        }
        else
        {
            Call(args[1]);
        }

        return 0;
    }

    private static async Task ServeAsync(string name)
    {
        using CancellationTokenSource ended = new();
        NamedPipeServerStream[] pipes =
        [
            .. Enumerable.Range(0, Clients).Select(_ => new NamedPipeServerStream(
                name, PipeDirection.InOut, Clients, PipeTransmissionMode.Message, PipeOptions.Asynchronous)),
        ];
        Task[] serving = [.. pipes.Select(pipe => ServeAsync(pipe, ended.Token))];
        Console.WriteLine("serving");
        await Task.Run(static () => Console.In.ReadToEnd());
        await ended.CancelAsync();
        await Task.WhenAll(serving);
    }

    private static async Task ServeAsync(NamedPipeServerStream pipe, CancellationToken ended)
    {
        await using (pipe)
        {
            try
            {
                while (true)
                {
                    await pipe.WaitForConnectionAsync(ended);
                    await AnswerAsync(pipe, ended);
                    pipe.Disconnect();
                }
            }
            catch (OperationCanceledException)
            {
                // The server ends.
            }
        }
    }

    private static async Task AnswerAsync(NamedPipeServerStream pipe, CancellationToken ended)
    {
        try
        {
            while (await ReadAsync(pipe, ended) is { } command)
            {
                await pipe.WriteAsync(Encoding.UTF8.GetBytes(Answer(command)), ended);
            }
        }
        catch (IOException)
        {
            // The client was killed before it read its answer.
        }
    }

    private static async Task<string?> ReadAsync(PipeStream pipe, CancellationToken ended)
    {
        using MemoryStream message = new();
        byte[] part = new byte[BufferSize];
        do
        {
            int count = await pipe.ReadAsync(part, ended);
            if (count == 0)
            {
                return null;
            }

            message.Write(part, 0, count);
        }
        while (!pipe.IsMessageComplete);
        return Encoding.UTF8.GetString(message.ToArray());
    }

    private static string Answer(string command) => command.Split(' ') switch
    {
        ["add", .. string[] numbers] =>
            numbers.Sum(static number => long.Parse(number, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture),
        ["repeat", string text, string times] =>
            string.Concat(Enumerable.Repeat(text, int.Parse(times, CultureInfo.InvariantCulture))),
        ["server"] => Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        _ => $"unknown: {command}",
    };

    private static void Call(string name)
    {
        NamedPipeClientStream? pipe = null;
        while (Console.ReadLine() is { } command)
        {
            string? answer;
            while ((answer = Ask(pipe, command)) is null)
            {
                pipe?.Dispose();
                pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut);
                pipe.Connect(Patience);
                pipe.ReadMode = PipeTransmissionMode.Message;
            }

            Console.WriteLine(answer);
        }

        pipe?.Dispose();
    }

    // Null: there is no server at the other end, or not any more.
    private static string? Ask(NamedPipeClientStream? pipe, string command)
    {
        if (pipe is null)
        {
            return null;
        }

        try
        {
            pipe.Write(Encoding.UTF8.GetBytes(command));
            return ReadAsync(pipe, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
