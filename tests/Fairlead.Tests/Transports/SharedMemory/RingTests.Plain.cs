using System.Buffers.Binary;
using Fairlead.Framing;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <content>The separate path of plain messages.</content>
public sealed partial class RingTests
{
    [Fact]
    public void Plain_and_other_messages_keep_their_order_whichever_way_they_are_written_and_read() => RandomSeed.Rounds(20, random =>
    {
        Queue<(MessageHeader Header, byte Fill)> under = [];
        for (int i = 0; i < 5_000; i++)
        {
            byte[] body = new byte[random.Next(10) == 0 ? random.Next(5_000) : random.Next(100)];
            byte fill = (byte)random.Next(256);
            body.AsSpan().Fill(fill);
            MessageKind kind = random.Next(4) == 0 ? MessageKind.Ack : MessageKind.Send;
            MessageHeader header = new() { Kind = kind, Length = body.Length, Ack = (uint)random.Next() };
            if (random.Next(20) == 0)
            {
                // A loaned place, which later writes skip.
                _writer.EndLoan();
                _ = _writer.TryLoan(1_000, out _);
            }

            if (header.Kind == MessageKind.Send && random.Next(2) == 0 && _writer.TryWritePlain(header.Ack, body, out _))
            {
                under.Enqueue((header, fill));
            }
            else if (_writer.TryReserve(body.Length, out Span<byte> place))
            {
                body.CopyTo(place);
                _writer.Commit(header);
                _writer.Publish();
                under.Enqueue((header, fill));
            }

            for (int reads = random.Next(4); reads > 0; reads--)
            {
                ReadOne(random.Next(2) == 0);
            }
        }

        _writer.EndLoan();
        while (ReadOne(plainly: false))
        {
        }

        Assert.Empty(under);

        bool ReadOne(bool plainly)
        {
            if (plainly && _reader.TryPeekPlain(looks: true, out uint ack, out int length))
            {
                (MessageHeader header, byte fill) = under.Dequeue();
                Assert.Equal((MessageKind.Send, header.Length, header.Ack), (header.Kind, length, ack));
                Assert.Equal(-1, _reader.Body(length).IndexOfAnyExcept(fill));
                _reader.AdvanceAndReturn(length);
                return true;
            }

            if (!_reader.TryPeek(out MessageHeader next, out length))
            {
                return false;
            }

            if ((byte)next.Kind != RingLayout.Nothing)
            {
                (MessageHeader header, byte fill) = under.Dequeue();
                Assert.Equal((header.Kind, header.Length, header.Ack), (next.Kind, length, next.Ack));
                Assert.Equal(-1, _reader.Body(length).IndexOfAnyExcept(fill));
            }

            _reader.AdvanceAndReturn(length);
            return true;
        }
    });

    [Fact]
    public void A_message_with_another_kind_flags_or_a_head_is_not_plain()
    {
        MessageHeader plain = new() { Kind = MessageKind.Send, Length = 8, Ack = 7 };
        MessageHeader[] others =
        [
            plain with { Kind = MessageKind.Deliver, Id = 1 },
            plain with { Flags = MessageFlags.Redelivered },
            plain with { HeadLength = 1 },
            plain with { Kind = MessageKind.None },
            plain with { Kind = (MessageKind)RingLayout.Piece },
        ];
        foreach (MessageHeader header in others)
        {
            Write(header);
            Assert.False(_reader.TryPeekPlain(looks: true, out _, out _));
            Assert.True(_reader.TryPeek(out MessageHeader read, out int length));
            Assert.Equal(header.Kind, read.Kind);
            _reader.AdvanceAndReturn(length);
        }

        Write(plain);
        Assert.True(_reader.TryPeekPlain(looks: true, out uint ack, out int body));
        Assert.Equal((7u, 8), (ack, body));
    }

    [Fact]
    public unsafe void TryPeekPlain_finds_no_unpolled_message_and_no_impossible_length()
    {
        MessageHeader plain = new() { Kind = MessageKind.Send, Length = 8 };
        Write(plain);
        Assert.False(_reader.TryPeekPlain(looks: false, out _, out _));
        Assert.True(_reader.TryPeekPlain(looks: true, out _, out _));
        foreach (uint length in (uint[])[9, 1_000, int.MaxValue, uint.MaxValue - 15, uint.MaxValue])
        {
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(_far.Data, 4), length);
            Assert.False(_reader.TryPeekPlain(looks: true, out _, out _));
        }

        BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(_far.Data, 4), 8);
        Assert.True(_reader.TryPeekPlain(looks: false, out _, out _));
    }

    private void Write(in MessageHeader header)
    {
        Assert.True(_writer.TryReserve(header.Length, out _));
        _writer.Commit(header);
        _writer.Publish();
    }
}
