using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Valid handshakes, and data that is refused because it is not one.</summary>
public sealed class HandshakeTests
{
    private const int TextLengthAt = 36;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 3, 1)]
    [InlineData(0, 1, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(2, 3, 0)]
    [InlineData(2, 1, 0)]
    public void Both_ends_use_the_highest_common_version(int lowest, int highest, int common) =>
        Assert.Equal(common, new Handshake { Lowest = (ushort)lowest, Highest = (ushort)highest }.CommonVersion());

    [Theory]
    [InlineData((byte)'H', Handshake.MagicHigh, Handshake.MagicLow, 0, true)]
    [InlineData((byte)'W', Handshake.MagicHigh, Handshake.MagicLow, 0, true)]
    [InlineData((byte)'R', Handshake.MagicHigh, Handshake.MagicLow, 0, true)]
    [InlineData((byte)'X', Handshake.MagicHigh, Handshake.MagicLow, 0, false)]
    [InlineData((byte)'H', Handshake.MagicHigh + 1, Handshake.MagicLow, 0, false)]
    [InlineData((byte)'W', Handshake.MagicHigh, Handshake.MagicLow + 1, 0, false)]
    [InlineData((byte)'R', Handshake.MagicHigh, Handshake.MagicLow, 1, false)]
    [InlineData((byte)'H', 0u, 0u, 0, false)]
    public void A_handshake_is_known_by_its_header(byte kind, uint id, uint ack, int headLength, bool isHandshake)
    {
        MessageHeader header = new() { Kind = (MessageKind)kind, Id = id, Ack = ack, HeadLength = (ushort)headLength };
        Assert.Equal(isHandshake, Handshake.IsHandshake(header));
        byte[] body = new Handshake().Encode();
        if (isHandshake)
        {
            Assert.Equal(new Handshake(), Handshake.Decode(header, body));
        }
        else
        {
            Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => Handshake.Decode(header, body)).Code);
        }
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(Handshake.FixedSize - 1, 0, false)]
    [InlineData(Handshake.FixedSize, 0, true)]
    [InlineData(Handshake.FixedSize, 1, false)]
    [InlineData(Handshake.FixedSize + 5, 5, true)]
    [InlineData(Handshake.FixedSize + 5, 6, false)]
    [InlineData(Handshake.LongestBody, 0, true)]
    [InlineData(Handshake.LongestBody, Handshake.LongestBody - Handshake.FixedSize, true)]
    [InlineData(Handshake.LongestBody + 1, 0, false)]
    public void A_handshake_has_so_many_bytes_and_holds_its_text(int length, int textLength, bool isTaken)
    {
        byte[] body = new byte[length];
        if (length > TextLengthAt + 1)
        {
            body[TextLengthAt] = (byte)(textLength >> 8);
            body[TextLengthAt + 1] = (byte)textLength;
        }

        if (isTaken)
        {
            Assert.Equal(textLength, Decode(body).Text.Length);
        }
        else
        {
            FairleadException error = Assert.Throws<FairleadException>(() => Decode(body));
            Assert.Equal(ErrorCode.Corrupt, error.Code);
        }
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(257, 256)]
    [InlineData(3, 3)]
    public void A_long_text_is_cut(int length, int sent) =>
        Assert.Equal(new string('ö', sent), Decode(new Handshake { Text = new string('ö', length) }.Encode()).Text);

    [Theory]
    [InlineData(-1L, 0L)]
    [InlineData(0L, 0L)]
    [InlineData(1500L, 1500L)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(uint.MaxValue + 1L, uint.MaxValue)]
    public void A_heartbeat_is_limited_to_the_range_of_its_field(long milliseconds, long sent)
    {
        Handshake decoded = Decode(new Handshake { Heartbeat = TimeSpan.FromMilliseconds(milliseconds) }.Encode());
        Assert.Equal(TimeSpan.FromMilliseconds(sent), decoded.Heartbeat);
    }

    [Fact]
    public void Fields_after_the_text_may_be_missing_unknown_or_of_another_length()
    {
        Assert.Equal(Handshake.FixedSize, new Handshake().Encode().Length);
        byte[] plain = new Handshake { Text = "x" }.Encode();
        Assert.Equal(Handshake.FixedSize + 1, plain.Length);
        Assert.Equal((null, 0), Fields(""));
        Assert.Equal((OverflowPolicy.DropOldest, 0), Fields("060001" + Mode(OverflowPolicy.DropOldest)));
        Assert.Equal((null, 0x0102), Fields("0700020102"));
        Assert.Equal((OverflowPolicy.DropOldest, 16), Fields("630003AABBCC" + "060001" + Mode(OverflowPolicy.DropOldest) + "0700020010"));
        Assert.Equal((null, 0), Fields("0600020101" + "070001" + "05"));
        Assert.Equal((null, 0), Fields("070003000001"));
        Handshake both = new() { Text = "x", Full = OverflowPolicy.DropOldest, Handles = 0x0102 };
        Assert.Equal(Handshake.FixedSize + 1 + 4 + 5, both.Encode().Length);
        Assert.Equal(both, Decode(both.Encode()));

        (OverflowPolicy?, int) Fields(string hex)
        {
            Handshake decoded = Decode([.. plain, .. Convert.FromHexString(hex)]);
            return (decoded.Full, decoded.Handles);
        }

        static string Mode(OverflowPolicy mode) => ((byte)(mode + 1)).ToString("X2", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Handshake Decode(byte[] body) => Handshake.Decode(Handshake.HeaderOf(MessageKind.Hello), body);
}
