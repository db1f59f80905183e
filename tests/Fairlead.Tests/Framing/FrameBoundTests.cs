using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Exact bounds of a frame: one byte less is accepted, one byte more is not.</summary>
public sealed class FrameBoundTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public void A_frame_as_long_as_the_limit_is_accepted_and_one_byte_more_is_too_large(int limit)
    {
        Assert.True(TryParse(length: limit, headLength: 0, limit, out Frame frame));
        Assert.Equal((MessageHeader.Size, limit, MessageHeader.Size + limit), (frame.BodyStart, frame.BodyLength, frame.Total));
        FairleadException error = Assert.Throws<FairleadException>(() => TryParse(length: limit + 1, headLength: 0, limit, out _));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
    }

    [Fact]
    public void A_head_may_be_the_whole_frame_and_not_a_byte_more()
    {
        Assert.True(TryParse(length: 7, headLength: 7, limit: 100, out _));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => TryParse(length: 7, headLength: 8, limit: 100, out _)).Code);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("010000", true)]
    [InlineData("010001AA", true)]
    [InlineData("010001AA020000", true)]
    [InlineData("01", false)]
    [InlineData("0100", false)]
    [InlineData("010001", false)]
    [InlineData("010002AA", false)]
    [InlineData("010003AA", false)]
    [InlineData("010004AA", false)]
    [InlineData("01FFFFAA", false)]
    [InlineData("010001AA02", false)]
    public void Fields_fill_their_head_exactly(string hex, bool isWellFormed)
    {
        byte[] head = Convert.FromHexString(hex);
        Assert.Equal(isWellFormed, HeadReader.IsWellFormed(head, out string? problem));
        Assert.Equal(isWellFormed, problem is null);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("030000", false)]
    [InlineData("03000174", true)]
    [InlineData("040001740300", false)]
    [InlineData("04000174030001740A", true)]
    public void HasTopic_finds_a_well_formed_topic_field(string hex, bool hasTopic) =>
        Assert.Equal(hasTopic, HeadReader.HasTopic(Convert.FromHexString(hex)));

    [Theory]
    [InlineData(1, true)]
    [InlineData(HeadReader.LongestTopic, true)]
    [InlineData(HeadReader.LongestTopic + 1, false)]
    public void HasTopic_refuses_a_topic_longer_than_the_limit(int length, bool isTopic)
    {
        byte[] head = new byte[3 + length];
        new HeadWriter(head).Add(HeadField.Topic, new byte[length]);
        Assert.Equal(isTopic, HeadReader.HasTopic(head));
    }

    private static bool TryParse(int length, ushort headLength, int limit, out Frame frame)
    {
        byte[] bytes = new byte[MessageHeader.Size + length];
        new MessageHeader { Kind = MessageKind.Send, Length = length, HeadLength = headLength }.Write(bytes);
        int scanned = 0;
        return FairleadFraming.Instance.TryParse(bytes, ref scanned, atEnd: false, limit, out frame);
    }
}
