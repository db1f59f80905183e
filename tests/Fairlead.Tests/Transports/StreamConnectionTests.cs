using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>A connection over a channel that is not a socket, and moves few bytes at a time.</summary>
public sealed class StreamConnectionTests : IDisposable
{
    private readonly StreamConnection _sender;
    private readonly StreamConnection _receiver;

    public StreamConnectionTests()
    {
        Way there = new();
        Way back = new();
        _sender = new StreamConnection(
            new TrickleChannel(there, back), FairleadFraming.Instance, TransportCapabilities.Reliable, new Peer());
        _receiver = new StreamConnection(
            new TrickleChannel(back, there), FairleadFraming.Instance, TransportCapabilities.Reliable, new Peer());

        // The first frame of a stream introduces the sender.
        Commit(_sender, Handshake.HeaderOf(MessageKind.Hello), new Handshake { Pattern = PatternKind.Sender, Text = "" }.Encode());
        Incoming hello = Pass();
        Assert.Equal(MessageKind.Hello, hello.Header.Kind);
        hello.Release();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    [Fact]
    public void Messages_arrive_whole_and_in_order_however_few_bytes_pass_at_a_time()
    {
        for (int i = 0; i < 20; i++)
        {
            byte[] body = [.. Enumerable.Range(0, i * 7).Select(static k => (byte)k)];
            Commit(_sender, MessageHeader.Of(MessageKind.Send), body);
            Incoming message = Pass();
            Assert.Equal(body, message.Body.ToArray());
            message.Release();
        }

        Assert.Equal(0, _sender.Unflushed);
    }

    [Fact]
    public void A_long_message_is_written_from_its_own_memory_and_before_later_messages()
    {
        byte[] payload = new byte[2_000];
        Random.Shared.NextBytes(payload);
        MessageHeader header = MessageHeader.Of(MessageKind.Send);
        header.Length = payload.Length;
        _sender.BeginLong(header, default, payload);
        Commit(_sender, MessageHeader.Of(MessageKind.Send), [1, 2, 3]);
        Incoming first = Pass();
        Assert.Equal(payload, first.Body.ToArray());
        Incoming second = Pass();
        Assert.Equal([1, 2, 3], second.Body.ToArray());
        Assert.False(_sender.HasLong);
        first.Release();
        second.Release();
    }

    [Fact]
    public void The_end_arrives_after_the_last_byte()
    {
        Commit(_sender, MessageHeader.Of(MessageKind.Send), [7]);
        _sender.EndSending();
        Pass().Release();
        FillResult fill;
        do
        {
            fill = _receiver.Fill();
        }
        while (fill is FillResult.More or FillResult.Drained);

        Assert.Equal(FillResult.End, fill);
        Assert.False(_receiver.HasPart);
    }

    [Fact]
    public void A_connection_over_a_channel_without_descriptors_passes_no_files()
    {
        using StreamConnection connection = new(
            new TrickleChannel(new Way(), new Way()),
            FairleadFraming.Instance,
            TransportCapabilities.Handles,
            new Peer(),
            takesHandles: true);
        Assert.Null(connection.Handles);
    }

    private static void Commit(StreamConnection connection, MessageHeader header, ReadOnlySpan<byte> body)
    {
        header.Length = body.Length;
        body.CopyTo(connection.Reserve(body.Length));
        connection.Commit(header);
    }

    /// <summary>Writes and reads until a message is there.</summary>
    private Incoming Pass()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Assert.NotEqual(FlushResult.Broken, _sender.Flush());
            Assert.NotEqual(FillResult.Broken, _receiver.Fill());
            if (_receiver.TryTake(out Incoming message))
            {
                return message;
            }
        }

        throw new InvalidOperationException("Nothing came.");
    }

    /// <summary>Bytes in transit.</summary>
    private sealed class Way
    {
        public List<byte> Bytes { get; } = [];

        public bool HasEnded { get; set; }
    }

    /// <summary>Writes at most five bytes, reads at most three, and every second time none.</summary>
    private sealed class TrickleChannel(Way to, Way from) : ByteChannel
    {
        private readonly EventDescriptor _event = new();
        private int _calls;

        public override Descriptor WaitDescriptor => _event.Descriptor;

        public override bool IsDrainedByShortRead => false;

        public override IoResult Read(Span<byte> room)
        {
            int count = ++_calls % 2 == 0 ? 0 : Math.Min(3, Math.Min(room.Length, from.Bytes.Count));
            from.Bytes.GetRange(0, count).CopyTo(room);
            from.Bytes.RemoveRange(0, count);
            return count > 0 || (from.HasEnded && from.Bytes.Count == 0) ? IoResult.Done(count) : IoResult.Failed(Errno.EAGAIN);
        }

        public override IoResult Write(OutputQueue output)
        {
            if (++_calls % 2 == 0)
            {
                return IoResult.Failed(Errno.EAGAIN);
            }

            ReadOnlySpan<byte> next = output.First.Length > 0 ? output.First : output.Second.Length > 0 ? output.Second : output.Third;
            int count = Math.Min(5, next.Length);
            to.Bytes.AddRange(next[..count]);
            return IoResult.Done(count);
        }

        public override void EndSending() => to.HasEnded = true;

        public override void Abort() => to.HasEnded = from.HasEnded = true;

        public override void Dispose() => _event.Dispose();
    }
}
