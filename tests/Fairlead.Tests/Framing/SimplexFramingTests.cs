using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Messages are found between bytes that another program has written into the same stream.</summary>
public sealed class SimplexFramingTests
{
    private const string Hi = "00000002" + "01000000" + "46414952" + "4C454146" + "6869";

    [Fact]
    public void A_message_is_written_with_its_check()
    {
        SimplexFraming framing = SimplexFraming.Instance;
        Assert.Equal((16, 0, false), (framing.PrefixLength, framing.SuffixLength, framing.IsFairlead));
        byte[] prefix = new byte[16];
        prefix.AsSpan().Fill(0xEE);
        SimplexFraming.Instance.Write(prefix, new MessageHeader { Kind = MessageKind.Send, Length = 2 }, []);
        Assert.Equal(Hi[..32], Convert.ToHexString(prefix));
    }

    [Theory]
    [InlineData(Hi, true)]
    [InlineData(Hi + "00", true)]
    [InlineData("00000002" + "01000000" + "46414952" + "4C454146" + "68", false)]
    [InlineData("00000002" + "01000000" + "46414952" + "4C454146", false)]
    public void A_message_is_parsed_when_it_is_complete(string hex, bool isWhole)
    {
        Assert.Equal(isWhole, TryParse(hex, 2, out Frame frame));
        Assert.Equal((MessageKind.Send, 2), (frame.Header.Kind, frame.Header.Length));
        Assert.Equal((16, 2, 18), (frame.BodyStart, frame.BodyLength, frame.Total));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000002" + "01000000" + "46414952" + "4C4541")]
    [InlineData("FFFFFF")]
    public void A_partial_header_waits_for_more_bytes(string hex)
    {
        Assert.False(TryParse(hex, 2, out Frame frame));
        Assert.Equal(0, frame.Total);
    }

    [Theory]
    [InlineData("FF" + Hi, 1)]
    [InlineData("FFFFFFFF" + Hi, 4)]
    [InlineData("00000002" + "01000000" + "46414952" + "4C454147", 1)]
    [InlineData("00000002" + "01000000" + "46414953" + "4C454146", 1)]
    [InlineData("00000002" + "01000001" + "46414952" + "4C454146", 1)]
    [InlineData("00000002" + "02000000" + "46414952" + "4C454146", 1)]
    [InlineData("00000003" + "01000000" + "46414952" + "4C454147", 1)]
    [InlineData("80000002" + "01000000" + "46414952" + "CC454146", 1)]
    [InlineData("00000002" + "01000000" + "46414952" + "4C454147" + "0000", 3)]
    public void Bytes_before_a_possible_header_are_dropped(string hex, int foreign)
    {
        Assert.True(TryParse(hex, 2, out Frame frame));
        Assert.Equal((MessageKind.Dropped, foreign, 0), (frame.Header.Kind, frame.Total, frame.BodyLength));
    }

    private static bool TryParse(string hex, int limit, out Frame frame)
    {
        int scanned = 0;
        return SimplexFraming.Instance.TryParse(Convert.FromHexString(hex), ref scanned, atEnd: false, limit, out frame);
    }
}
