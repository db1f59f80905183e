using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Fairlead.Bench.Contenders;

/// <summary>The client's half of publications: a publisher that waits for its subscribers (<see cref="Subscribing"/>).</summary>
internal sealed class Publishing : OneWaySender
{
    private readonly Receiver _back;
    private readonly Publisher _publisher;
    private readonly int _readers;
    private readonly bool _isTyped;
    private long? _allocated;

    /// <summary>Binds, and blocks until all subscribers are connected.</summary>
    public Publishing(Session session, string scheme, int readers, string options = "", bool isTyped = false)
    {
        _readers = readers;
        _isTyped = isTyped;
        _back = Receiver.Bind(Subscribing.BackAddress(session));
        _publisher = Publisher.Bind(
            session.AddressOf(scheme, options.Length == 0 ? "" : $"?{options}"),
            new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        _publisher.WaitForSubscribers(Subscribing.Topic, readers);
    }

    public override void Send(ReadOnlySpan<byte> message)
    {
        if (_isTyped)
        {
            _publisher.Publish(Subscribing.Topic, in MemoryMarshal.AsRef<Sample>(message));
        }
        else
        {
            _publisher.Publish(Subscribing.Topic, message);
        }
    }

    public override void SendLast(ReadOnlySpan<byte> message)
    {
        Send(message);
        for (int i = 0; i < _readers; i++)
        {
            _back.Receive().Dispose();
        }
    }

    public override long? AskAllocatedByReaders()
    {
        _publisher.Publish(Subscribing.Topic, Subscribing.Question);
        long allocated = 0;
        for (int i = 0; i < _readers; i++)
        {
            using var answer = _back.Receive();
            allocated += BinaryPrimitives.ReadInt64LittleEndian(answer.Span);
        }

        long? before = _allocated;
        _allocated = allocated;
        return allocated - before;
    }

    public override void Dispose()
    {
        _publisher.Dispose();
        _back.Dispose();
    }
}
