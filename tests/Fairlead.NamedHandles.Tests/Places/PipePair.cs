using System.IO.Pipes;
using System.Text;

namespace Fairlead.NamedHandles.Tests.Places;

/// <summary>The two ends of a pipe, connected.</summary>
internal sealed class PipePair : IDisposable
{
    private PipePair(NamedPipeServerStream server, NamedPipeClientStream client)
    {
        Server = server;
        Client = client;
    }

    public NamedPipeServerStream Server { get; }

    public NamedPipeClientStream Client { get; }

    public static PipePair Of(string name, PipeTransmissionMode mode, PipeDirection direction = PipeDirection.InOut, int buffer = 0)
    {
        NamedPipeServerStream server = new(name, direction, 1, mode, PipeOptions.Asynchronous, buffer, buffer);
        PipeDirection other = direction switch
        {
            PipeDirection.In => PipeDirection.Out,
            PipeDirection.Out => PipeDirection.In,
            _ => PipeDirection.InOut,
        };
        NamedPipeClientStream client = new(".", name, other, PipeOptions.Asynchronous);
        client.Connect();
        server.WaitForConnection();
        if (mode == PipeTransmissionMode.Message && client.CanRead)
        {
            client.ReadMode = PipeTransmissionMode.Message;
        }

        return new(server, client);
    }

    /// <summary>Reads a whole message, as programs do.</summary>
    public static byte[] ReadMessage(PipeStream pipe, int atOnce = 1024)
    {
        using MemoryStream message = new();
        byte[] buffer = new byte[atOnce];
        do
        {
            message.Write(buffer, 0, pipe.Read(buffer, 0, buffer.Length));
        }
        while (!pipe.IsMessageComplete);
        return message.ToArray();
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public void Dispose()
    {
        Server.Dispose();
        Client.Dispose();
    }
}
