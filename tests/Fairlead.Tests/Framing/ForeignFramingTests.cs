using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>
/// The framings for programs that know nothing of Fairlead: the messages that each accepts, and those that it refuses to send.
/// </summary>
public sealed class ForeignFramingTests
{
    private static readonly BlockFraming Block = new(4);
    private static readonly BlockFraming Text = new(4, untilNul: true);

    [Theory]
    [InlineData("616263", 0, 0, false)]
    [InlineData("61626364", 0, 4, true)]
    [InlineData("6162636465", 0, 4, true)]
    [InlineData("61620000", 0, 2, true)]
    [InlineData("61006200", 0, 3, true)]
    [InlineData("00000000", 0, 0, true)]
    public void A_block_ends_before_the_bytes_that_fill_it(string hex, int start, int length, bool isWhole)
    {
        Assert.Equal(isWhole, TryParse(Block, hex, 100, out Frame frame, out _));
        Assert.Equal((start, length, 4, length), (frame.BodyStart, frame.BodyLength, frame.Total, frame.Header.Length));
        Assert.Equal(MessageKind.Send, frame.Header.Kind);
    }

    [Fact]
    public void The_limit_of_a_block_does_not_count_the_padding()
    {
        Assert.True(TryParse(Block, "61620000", 2, out _, out _));
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => TryParse(Block, "61620000", 1, out _, out _)).Code);
    }

    [Fact]
    public void A_block_is_filled_with_nul()
    {
        Assert.Equal((0, 0), (Block.PrefixLength, Block.SuffixLength));
        Assert.Equal((4, 1, 0), (Block.SuffixFor(0), Block.SuffixFor(3), Block.SuffixFor(4)));
        Assert.Equal("0000", Written(Block, bodyLength: 2));
        Assert.False(Block.IsFairlead);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("61", null)]
    [InlineData("00006162", null)]
    [InlineData("6162636465", "has 5 bytes, but a block has 4")]
    [InlineData("6100", "ends with a NUL byte")]
    [InlineData("00", "ends with a NUL byte")]
    public void A_message_that_a_block_cannot_represent_is_not_sent(string hex, string? problem) => Refuses(Block, hex, problem);

    [Theory]
    [InlineData("616200", 0, false)]
    [InlineData("61626364", 4, true)]
    [InlineData("61626300", 3, true)]
    [InlineData("61620000", 2, true)]
    [InlineData("6100FFFF", 1, true)]
    [InlineData("61006200", 1, true)]
    [InlineData("006263646162", 0, true)]
    [InlineData("00000000", 0, true)]
    public void The_text_of_a_block_ends_at_its_first_NUL(string hex, int length, bool isWhole)
    {
        Assert.Equal(isWhole, TryParse(Text, hex, 100, out Frame frame, out _));
        Assert.Equal((0, length, 4, length), (frame.BodyStart, frame.BodyLength, frame.Total, frame.Header.Length));
    }

    [Fact]
    public void The_limit_of_a_text_block_counts_only_the_bytes_before_NUL()
    {
        Assert.True(TryParse(Text, "6100FFFF", 1, out _, out _));
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => TryParse(Text, "6162FFFF", 3, out _, out _)).Code);
        Assert.False(TryParse(Text, "6162", 100, out Frame cut, out _, atEnd: true));
        Assert.Equal(4, cut.Total);
    }

    [Theory]
    [InlineData(0, "00000000")]
    [InlineData(1, "000000")]
    [InlineData(3, "00")]
    public void A_text_is_followed_by_NUL_to_the_end_of_its_block(int bodyLength, string suffix) =>
        Assert.Equal(suffix, Written(Text, bodyLength));

    [Theory]
    [InlineData("", null)]
    [InlineData("616263", null)]
    [InlineData("00", "contains a NUL byte")]
    [InlineData("610062", "contains a NUL byte")]
    public void A_message_that_a_text_block_cannot_represent_is_not_sent(string hex, string? problem) => Refuses(Text, hex, problem);

    [Theory]
    [InlineData("61626364")]
    [InlineData("6162636465")]
    public void A_text_that_does_not_fit_with_its_NUL_is_too_large(string hex)
    {
        FairleadException error = Assert.Throws<FairleadException>(() => Text.Check(Convert.FromHexString(hex)));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.Contains("and its NUL do not fit into a block of 4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6162", false, false, 0, 0)]
    [InlineData("6162", true, true, 2, 2)]
    [InlineData("", true, false, 0, 0)]
    [InlineData("0A", false, true, 0, 1)]
    [InlineData("61620A63", false, true, 2, 3)]
    [InlineData("61620A63", true, true, 2, 3)]
    public void A_line_ends_with_its_delimiter_or_with_the_stream(string hex, bool atEnd, bool isWhole, int length, int total)
    {
        Assert.Equal(isWhole, TryParse(DelimitedFraming.Line, hex, 100, out Frame frame, out int scanned, atEnd));
        Assert.Equal((0, length, total, length), (frame.BodyStart, frame.BodyLength, frame.Total, frame.Header.Length));
        Assert.Equal(isWhole ? 0 : hex.Length / 2, scanned);
        Assert.Equal(MessageKind.Send, frame.Header.Kind);
    }

    [Fact]
    public void The_search_for_the_end_of_a_line_continues_after_the_scanned_bytes()
    {
        byte[] bytes = [.. "ab\ncd\n"u8];
        int scanned = 3;
        Assert.True(DelimitedFraming.Line.TryParse(bytes, ref scanned, atEnd: false, limit: 100, out Frame frame));
        Assert.Equal((5, 6, 0), (frame.BodyLength, frame.Total, scanned));
    }

    [Theory]
    [InlineData("616263", 3, true)]
    [InlineData("616263", 2, false)]
    [InlineData("6162630A", 3, true)]
    [InlineData("6162630A", 2, false)]
    public void A_complete_or_incomplete_line_may_be_as_long_as_the_limit(string hex, int limit, bool isTaken)
    {
        if (isTaken)
        {
            Assert.Equal(hex.Length == 8, TryParse(DelimitedFraming.Line, hex, limit, out _, out _));
        }
        else
        {
            FairleadException error = Assert.Throws<FairleadException>(() => TryParse(DelimitedFraming.Line, hex, limit, out _, out _));
            Assert.Equal(ErrorCode.TooLarge, error.Code);
        }
    }

    [Fact]
    public void A_delimiter_follows_the_message_and_is_refused_inside_it()
    {
        DelimitedFraming line = DelimitedFraming.Line;
        Assert.Equal((0, 1, 1), (line.PrefixLength, line.SuffixLength, line.SuffixFor(7)));
        Assert.Equal(("0A", "00"), (Written(DelimitedFraming.Line, bodyLength: 3), Written(DelimitedFraming.Nul, bodyLength: 3)));
        Refuses(DelimitedFraming.Line, "610A62", "contains the byte 10, which ends a message under framing=line");
        Refuses(DelimitedFraming.Nul, "610062", "contains the byte 0, which ends a message under framing=nul");
        Refuses(DelimitedFraming.Line, "610062", null);
        Refuses(DelimitedFraming.Nul, "", null);
        Assert.False(DelimitedFraming.Line.IsFairlead);
    }

    [Theory]
    [InlineData("000000", false, 0, 0, 0)]
    [InlineData("00000000", true, 4, 0, 4)]
    [InlineData("0000000261", false, 4, 2, 6)]
    [InlineData("000000026162", true, 4, 2, 6)]
    [InlineData("00000002616263", true, 4, 2, 6)]
    [InlineData("0000006461", false, 4, 100, 104)]
    public void A_length_announces_its_message(string hex, bool isWhole, int start, int length, int total)
    {
        Assert.Equal(isWhole, TryParse(LengthFraming.Instance, hex, 100, out Frame frame, out _));
        Assert.Equal((start, length, total, length), (frame.BodyStart, frame.BodyLength, frame.Total, frame.Header.Length));
        Assert.Equal(MessageKind.Send, frame.Header.Kind);
    }

    [Theory]
    [InlineData("00000065")]
    [InlineData("80000000")]
    [InlineData("FFFFFFFF")]
    public void A_length_beyond_the_limit_is_too_large(string hex)
    {
        FairleadException error = Assert.Throws<FairleadException>(() => TryParse(LengthFraming.Instance, hex, 100, out _, out _));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
    }

    [Fact]
    public void A_length_precedes_its_message()
    {
        LengthFraming framing = LengthFraming.Instance;
        Assert.Equal((4, 0, 0), (framing.PrefixLength, framing.SuffixLength, framing.SuffixFor(9)));
        Assert.Equal("00010203", Written(LengthFraming.Instance, bodyLength: 0x010203));
        Refuses(LengthFraming.Instance, "", null);
        Assert.False(LengthFraming.Instance.IsFairlead);
    }

    [Theory]
    [InlineData("", 100, false, 0)]
    [InlineData("616263", 100, true, 3)]
    [InlineData("616263", 2, true, 2)]
    public void A_message_without_framing_is_the_bytes_of_one_read(string hex, int limit, bool isWhole, int length)
    {
        Assert.Equal(isWhole, TryParse(RawFraming.Instance, hex, limit, out Frame frame, out _));
        Assert.Equal((0, length, length, length), (frame.BodyStart, frame.BodyLength, frame.Total, frame.Header.Length));
        Assert.Equal(MessageKind.Send, frame.Header.Kind);
        Assert.Equal((0, 0), (RawFraming.Instance.PrefixLength, RawFraming.Instance.SuffixLength));
        Refuses(RawFraming.Instance, "", "An empty message cannot be sent");
        Refuses(RawFraming.Instance, "00", null);
    }

    private static bool TryParse(StreamFraming framing, string hex, int limit, out Frame frame, out int scanned, bool atEnd = false)
    {
        scanned = 0;
        return framing.TryParse(Convert.FromHexString(hex), ref scanned, atEnd, limit, out frame);
    }

    // Returns the bytes before and behind a body of this length, in memory that was not empty.
    private static string Written(StreamFraming framing, int bodyLength)
    {
        byte[] prefix = new byte[framing.PrefixLength];
        byte[] suffix = new byte[framing.SuffixFor(bodyLength)];
        prefix.AsSpan().Fill(0xEE);
        suffix.AsSpan().Fill(0xEE);
        framing.Write(prefix, new MessageHeader { Kind = MessageKind.Send, Length = bodyLength }, suffix);
        return Convert.ToHexString(prefix) + Convert.ToHexString(suffix);
    }

    private static void Refuses(StreamFraming framing, string hex, string? problem)
    {
        byte[] body = Convert.FromHexString(hex);
        if (problem is null)
        {
            framing.Check(body);
        }
        else
        {
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => framing.Check(body)).Message, StringComparison.Ordinal);
        }
    }
}
