using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Processes;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>A receiver that connects to a FIFO and waits for its writer.</summary>
/// <remarks>
/// Alone: a child that another test starts has this process's reader open until it runs its own program. A writer may find that reader,
/// and its line goes with it.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class FifoWaitingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>A writer opens the FIFO whenever it has a reader, in the middle of an attempt or between two.</summary>
    [Fact]
    public async Task A_receiver_that_waits_for_a_writer_misses_no_writer()
    {
        string path = _directory["awaited"];
        FifoPath.Create(path);
        for (int i = 0; i < 200; i++)
        {
            Task<Receiver> connecting = Task.Run(async () => await Receiver.ConnectAsync($"fifo://{path}?framing=line&wait=infinite"));
            Descriptor? writer;
            do
            {
                writer = NativeFile.Open(path, OpenFlags.WriteOnly, out _);
            }
            while (writer is null);

            using (writer)
            {
                // Time for the attempt to end.
                Thread.SpinWait(i * 25);
                Assert.Equal(2, writer.Write("x\n"u8).Count);
            }

            await using Receiver receiver = await connecting.WaitAsync(TimeSpan.FromMinutes(1));
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal("x", message.Text);
        }
    }
}
