using System.Runtime.Intrinsics;
using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>The header of a message, written and read in all ways.</summary>
public sealed class MessageHeaderTests
{
    private static readonly byte[] Bytes = Convert.FromHexString("01020304" + "05" + "06" + "0708" + "090A0B0C" + "0D0E0F10");

    [Fact]
    public void Every_way_to_read_a_header_finds_the_same_values()
    {
        MessageHeader one = MessageHeader.Read(Bytes, out uint length);
        MessageHeader two = MessageHeader.Read(Vector128.Create<byte>(Bytes), out uint again);
        foreach (MessageHeader header in (MessageHeader[])[one, two])
        {
            Assert.Equal((0x01020304, 5, 6), (header.Length, (int)header.Kind, (int)header.Flags));
            Assert.Equal((0x0708, 0x090A0B0Cu, 0x0D0E0F10u), (header.HeadLength, header.Id, header.Ack));
        }

        Assert.Equal((0x01020304u, 0x01020304u), (length, again));
        byte[] written = new byte[MessageHeader.Size];
        one.Write(written);
        Assert.Equal(Convert.ToHexString(Bytes), Convert.ToHexString(written));
    }

    [Theory]
    [InlineData(MessageFlags.None, 0)]
    [InlineData(MessageFlags.Redelivered, 0)]
    [InlineData(MessageFlags.None, 1)]
    internal void A_message_is_plain_without_flags_and_head(MessageFlags flags, int headLength)
    {
        byte[] bytes = new byte[MessageHeader.Size];
        MessageHeader header = new() { Kind = MessageKind.Send, Flags = flags, HeadLength = (ushort)headLength };
        header.Length = -2;
        header.Ack = 0xFEDCBA98;
        header.Write(bytes);
        bool isPlain = flags == MessageFlags.None && headLength == 0;
        Assert.Equal(isPlain, MessageHeader.TryReadAs(MessageKind.Send, 0, bytes, out uint length, out uint ack));
        Assert.Equal((0xFFFF_FFFE, 0xFEDCBA98), (length, ack));
        Assert.Equal(flags == MessageFlags.None && headLength == 1, MessageHeader.TryReadAs(MessageKind.Send, 1, bytes, out _, out _));
        Assert.False(MessageHeader.TryReadAs(MessageKind.Deliver, 0, bytes, out _, out _));
    }

    [Fact]
    public void WritePlain_writes_the_same_bytes_as_Write()
    {
        byte[] plain = new byte[MessageHeader.Size];
        byte[] whole = new byte[MessageHeader.Size];
        plain.AsSpan().Fill(0xEE);
        MessageHeader.WritePlain(plain, 0x01020304, 0xFEDCBA98);
        new MessageHeader { Kind = MessageKind.Send, Length = 0x01020304, Ack = 0xFEDCBA98 }.Write(whole);
        Assert.Equal(Convert.ToHexString(whole), Convert.ToHexString(plain));
    }

    [Fact]
    public void A_header_precedes_each_Fairlead_frame()
    {
        FairleadFraming framing = FairleadFraming.Instance;
        Assert.Equal((16, 0, 0, true), (framing.PrefixLength, framing.SuffixLength, framing.SuffixFor(5), framing.IsFairlead));
        byte[] prefix = new byte[MessageHeader.Size];
        framing.Write(prefix, MessageHeader.Read(Bytes, out _), []);
        Assert.Equal(Convert.ToHexString(Bytes), Convert.ToHexString(prefix));
        framing.Check([]);
        int scanned = 0;
        Assert.False(framing.TryParse(prefix.AsSpan(0, MessageHeader.Size - 1), ref scanned, atEnd: true, limit: 100, out Frame frame));
        Assert.Equal((0, 0), (frame.Total, scanned));
    }

    [Fact]
    public void Data_consumes_credit_and_nothing_else_does() =>
        Assert.Equal(
            [MessageKind.Send, MessageKind.Deliver, MessageKind.Request, MessageKind.Publish],
            Enum.GetValues<MessageKind>().Where(static kind => kind.IsData()).Order());
}
