using System.Threading.Channels;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Processes;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>A receiver whose writers have all gone, and which waits for the next.</summary>
public sealed class FifoReconnectTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Every other writer comes when the receiver has noticed the end of the last; the others come at any moment.</summary>
    [Fact]
    public async Task A_receiver_that_reconnects_misses_no_writer()
    {
        string path = _directory["sought"];
        FifoPath.Create(path);
        Descriptor writer = NativeFile.Open(path, OpenFlags.ReadWrite, out _)!;
        await using Receiver receiver = await Receiver.ConnectAsync($"fifo://{path}?framing=line&reconnect=infinite");
        Channel<EndpointState> states = Channel.CreateUnbounded<EndpointState>();
        receiver.StateChanged += (_, change) => states.Writer.TryWrite(change.State);
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(4, writer.Write("one\n"u8).Count);
            using (Message message = await receiver.ReceiveAsync(60.Seconds()))
            {
                Assert.Equal("one", message.Text);
            }

            while (states.Reader.TryRead(out _))
            {
                // Of the writer before.
            }

            Task<Message> receiving = receiver.ReceiveAsync(60.Seconds()).AsTask();
            writer.Dispose();
            while (i % 2 == 0
                && await states.Reader.ReadAsync().AsTask().WaitAsync(60.Seconds()) != EndpointState.Reconnecting)
            {
                // Of the writer before.
            }

            // It does not block, and fails without a reader.
            writer = NativeFile.Open(path, OpenFlags.WriteOnly, out Errno error)!;
            Assert.Equal(Errno.None, error);
            Assert.Equal(4, writer.Write("two\n"u8).Count);
            using Message next = await receiving;
            Assert.Equal("two", next.Text);
        }

        writer.Dispose();
    }

    [Fact]
    public async Task A_receiver_that_has_closed_leaves_no_reader()
    {
        string path = _directory["closed"];
        FifoPath.Create(path);
        using (Descriptor writer = NativeFile.Open(path, OpenFlags.ReadWrite, out _)!)
        {
            await using Receiver receiver = await Receiver.ConnectAsync($"fifo://{path}?framing=line&reconnect=infinite");
            writer.Write("one\n"u8);
            using Message message = await receiver.ReceiveAsync(60.Seconds());
        }

        Assert.Null(NativeFile.Open(path, OpenFlags.WriteOnly, out Errno error));
        Assert.Equal(Errno.ENXIO, error);
    }
}
