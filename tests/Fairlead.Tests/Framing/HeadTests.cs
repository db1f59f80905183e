using Fairlead.Framing;

namespace Fairlead.Tests.Framing;

/// <summary>Header fields: found, replaced and added, whatever is before and behind them.</summary>
public sealed class HeadTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("0100", null)]
    [InlineData("040000", "")]
    [InlineData("040002AABB", "AABB")]
    [InlineData("010001FF040002AABB030000", "AABB")]
    [InlineData("040003AABB", null)]
    [InlineData("010003FF040000", null)]
    [InlineData("010001FF0400", null)]
    [InlineData("040001AA040001BB", "AA")]
    public void The_first_field_of_a_number_is_found_unless_the_head_is_malformed_before_it(string hex, string? value)
    {
        Assert.Equal(value is not null, HeadReader.TryGet(Convert.FromHexString(hex), HeadField.Missed, out ReadOnlySpan<byte> found));
        Assert.Equal(value ?? "", Convert.ToHexString(found));
    }

    [Theory]
    [InlineData("0400080102030405060708", true, 0x0102030405060708UL)]
    [InlineData("04000701020304050607", false, 0UL)]
    [InlineData("040009010203040506070809", false, 0UL)]
    [InlineData("0500080102030405060708", false, 0UL)]
    public void A_number_has_eight_bytes(string hex, bool isFound, ulong value)
    {
        Assert.Equal((isFound, value), (HeadReader.TryGet(Convert.FromHexString(hex), HeadField.Missed, out ulong found), found));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("0400080000000000000001", "0400080000000000000102")]
    [InlineData("010001FF0400080000000000000001030000", "010001FF0400080000000000000102030000")]
    [InlineData("010001FF", "010001FF")]
    [InlineData("04000800000000000000010400080000000000000001", "04000800000000000001020400080000000000000001")]
    public void A_number_is_replaced_in_place(string before, string after)
    {
        byte[] head = Convert.FromHexString(before);
        HeadWriter.Replace(head, HeadField.Missed, 0x0102);
        Assert.Equal(after, Convert.ToHexString(head));
    }

    [Fact]
    public void Fields_are_added_after_the_existing_fields()
    {
        HeadWriter writer = new(new byte[64], [1, 0, 0]);
        Assert.Equal((3, "010000"), (writer.Length, Convert.ToHexString(writer.Written)));
        writer.Add(HeadField.Topic, "ab"u8);
        writer.Add(HeadField.Missed, 0x0102);
        Assert.Equal("010000" + "0300026162" + "0400080000000000000102", Convert.ToHexString(writer.Written));
        Assert.Equal(19, writer.Length);
    }

    [Theory]
    [InlineData(ushort.MaxValue, true)]
    [InlineData(ushort.MaxValue + 1, false)]
    public void A_field_longer_than_its_length_field_can_express_is_refused(int length, bool isAdded)
    {
        byte[] head = new byte[length + 3];
        if (isAdded)
        {
            new HeadWriter(head).Add(HeadField.Topic, new byte[length]);
            Assert.Equal("03FFFF", Convert.ToHexString(head[..3]));
        }
        else
        {
            Assert.Throws<OverflowException>(() => new HeadWriter(head).Add(HeadField.Topic, new byte[length]));
        }
    }
}
