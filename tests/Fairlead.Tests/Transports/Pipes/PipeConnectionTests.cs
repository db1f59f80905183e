using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports.Pipes;

/// <summary>A connection over two pipes whose other end closes them one by one, in an unexpected order.</summary>
public sealed class PipeConnectionTests : IDisposable
{
    private readonly PipeConnection _connection;
    private readonly Descriptor _otherReader;
    private readonly Descriptor _otherWriter;

    public PipeConnectionTests()
    {
        (Descriptor source, _otherWriter) = NativePipe.Create();
        (_otherReader, Descriptor target) = NativePipe.Create();
        Assert.Equal(Errno.None, NativePipe.SetNonBlocking(source));
        _connection = new PipeConnection(source, target, FairleadFraming.Instance, TransportCapabilities.Duplex, new Peer());

        // A writer exists there, and then no reader any more.
        Assert.True(_otherWriter.Write([0]).Ok);
        Assert.Equal(FillResult.More, _connection.Fill());
        Assert.Equal(FillResult.Drained, _connection.Fill());
        _otherReader.Dispose();
        _connection.OnReady(PollEvents.Error);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _otherWriter.Dispose();
    }

    [Fact]
    public async Task An_end_of_all_writers_that_follows_immediately_is_an_orderly_end()
    {
        // On a thread that runs already: the pool may have none for a while.
        using ManualResetEventSlim runs = new();
        using ManualResetEventSlim begins = new();
        Task closing = Task.Factory.StartNew(
            () =>
            {
                runs.Set();
                begins.Wait();
                _otherWriter.Dispose();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        runs.Wait();
        begins.Set();
        Assert.Equal(FillResult.End, _connection.Fill());
        await closing;
    }

    [Fact]
    public void Bytes_that_follow_are_read()
    {
        Assert.True(_otherWriter.Write([1]).Ok);
        Assert.Equal(FillResult.More, _connection.Fill());
    }

    [Fact]
    public void The_peer_has_died_if_nothing_follows() => Assert.Equal(FillResult.Broken, _connection.Fill());
}
