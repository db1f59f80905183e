using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Fairlead.Time;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/byte-streams.md</summary>
public sealed class ByteStreamSnippets
{
    [Fact]
    public async Task FlushAsync_sends_buffered_messages()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        string[] readings = ["17.5", "17.6", "17.4"];
        await using Receiver receiver = await Receiver.BindAsync("unix://readings");
        await using Sender sender = await Sender.ConnectAsync("unix://readings?writing=buffered");
        foreach (string reading in readings)
        {
            await sender.SendAsync(Encoding.UTF8.GetBytes(reading).AsMemory(), cancellationToken);
        }

        await sender.FlushAsync(cancellationToken);
        foreach (string reading in readings)
        {
            Assert.True(receiver.TryReceive(5.Seconds(), out Message message));
            Assert.Equal(reading, message.Text);
            message.Dispose();
        }
    }

    [Fact]
    public async Task A_stream_reads_and_writes_any_program()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        File.Delete("/tmp/upper");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("/tmp/upper"));
        listener.Listen();
        Task program = Task.Run(async () =>
        {
            using Socket socket = await listener.AcceptAsync();
            await using NetworkStream stream = new(socket);
            using StreamReader all = new(stream);
            stream.Write(Encoding.UTF8.GetBytes((await all.ReadToEndAsync()).ToUpperInvariant()));
        });

        await using Pair pair = await Pair.ConnectAsync("unix:///tmp/upper?framing=none");
        await using (StreamWriter writer = new(pair.AsStream(), leaveOpen: true))
        {
            await writer.WriteLineAsync("hello");
        }

        pair.EndSending();
        using StreamReader reader = new(pair.AsStream());
        string answer = await reader.ReadToEndAsync(cancellationToken);
        Assert.Equal("HELLO\n", answer);
        await program;
        File.Delete("/tmp/upper");
    }

    [Fact]
    public async Task A_pair_is_usable_as_a_duplex_pipe()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        await using Pair other = await Pair.BindAsync("shm://pipes");
        await using Pair pair = await Pair.ConnectAsync("shm://pipes");
        Task echo = other.AsStream().CopyToAsync(other.AsStream(), cancellationToken);

        IDuplexPipe pipe = pair.AsPipe();
        await pipe.Output.WriteAsync("ping\n"u8.ToArray(), cancellationToken);
        ReadResult read = await pipe.Input.ReadAsync(cancellationToken);
        Assert.Equal("ping\n", Encoding.UTF8.GetString(read.Buffer));

        await pair.DisposeAsync();
        await echo;
    }

    [Fact]
    public async Task A_message_carries_an_open_file()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "content");
        await using Receiver receiver = await Receiver.BindAsync("unix://files?handles=16");
        await using Sender sender = await Sender.ConnectAsync("unix://files");
        using (SafeFileHandle file = File.OpenHandle(path))
        {
            await sender.SendHandleAsync(file, "a report"u8.ToArray(), cancellationToken);
        }

        File.Delete(path);
        Assert.Equal("content", await ReadAsync(receiver, cancellationToken));
    }

    private static async Task<string> ReadAsync(Receiver receiver, CancellationToken cancellationToken)
    {
        using Message message = await receiver.ReceiveAsync(cancellationToken);
        using FileStream file = new(message.TakeHandle(), FileAccess.Read);
        using StreamReader reader = new(file);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
