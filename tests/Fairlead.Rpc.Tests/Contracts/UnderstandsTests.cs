namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>Which shapes fit each other.</summary>
public sealed class UnderstandsTests
{
    private const string Item = "(#{1:Name:text,2:Price:decimal})->#{1:Id:i32}";

    [Theory]
    [InlineData("(i32)->i32", "(i32)->i32", true)]
    [InlineData("(i32)->i32", "(i64)->i32", false)]
    [InlineData("(i32)", "(i32)->i32", false)]
    [InlineData(Item, Item, true)]

    // A part more, at either end, in either type, before or between.
    [InlineData(Item, "(#{1:Name:text,2:Price:decimal,3:Note:text?})->#{1:Id:i32}", true)]
    [InlineData(Item, "(#{1:Name:text,2:Price:decimal})->#{1:Id:i32,9:At:time}", true)]
    [InlineData(Item, "(#{2:Price:decimal})->#{1:Id:i32}", true)]
    [InlineData("(#{1:A:i32,3:C:i32})", "(#{1:A:i32,2:B:text,3:C:i32})", true)]
    [InlineData("(#{1:A:i32})", "(#{2:B:text})", true)]
    [InlineData("(#{1:A:i32})", "(#{})", true)]

    // A name does not matter, a type does.
    [InlineData(Item, "(#{1:Title:text,2:Price:decimal})->#{1:Id:i32}", true)]
    [InlineData(Item, "(#{1:Name:text,2:Price:f64})->#{1:Id:i32}", false)]
    [InlineData("(#{1:A:i32,3:C:i32})", "(#{1:A:i32,2:B:text,3:C:i64})", false)]
    [InlineData("(#{1:A:i32})", "(#{1:A:i32?})", false)]
    [InlineData("(#{1:A:i32})", "(i32)", false)]
    [InlineData("(#{1:A:i32})", "(#{1:A:i32},i32)", false)]

    // Inside of others.
    [InlineData("([{text=#{1:A:#{1:B:i32}}}])", "([{text=#{1:A:#{1:B:i32,2:C:i32}}}])", true)]
    [InlineData("([{text=#{1:A:#{1:B:i32}}}])", "([{text=#{1:A:#{1:B:i64,2:C:i32}}}])", false)]
    [InlineData("((i32,#{1:A:(i32,i32)}))", "((i32,#{1:A:(i32,i32),2:B:[i32]}))", true)]
    [InlineData("(&{Told(#{1:A:i32})!}?)", "(&{Told(#{1:A:i32,2:B:i32})!}?)", true)]
    [InlineData("(&{Told(#{1:A:i32})!}?)", "(&{Told(#{1:A:i32,2:B:i32})}?)", false)]
    public void Numbered_parts_may_be_added(string one, string other, bool fit)
    {
        Assert.Equal(fit, Member(one).Understands(Member(other)));
        Assert.Equal(fit, Member(other).Understands(Member(one)));
    }

    /// <summary>A shape is another program's text.</summary>
    [Theory]
    [InlineData("(#{1:A:i32}", "(#{")]
    [InlineData("(#{1:A:i32}", "(#{1:A")]
    [InlineData("(#{1:A:i32})", "(#{}}}}}")]
    [InlineData("(#{1:A:i32})", "(#{x:A:i32})")]
    [InlineData("#{#{#{", "#{#{#{#{")]
    public void Malformed_shapes_do_not_fit(string one, string other)
    {
        Assert.False(Member(one).Understands(Member(other)));
        Assert.False(Member(other).Understands(Member(one)));
    }

    [Fact]
    public void Very_long_and_very_deep_shapes_are_compared()
    {
        string deep = string.Concat(Enumerable.Repeat("#{1:A:", 10_000));
        Assert.False(Member(deep).Understands(Member(deep + "i32")));
        string many = string.Concat(Enumerable.Repeat("#{1:A:i32},", 8_000));
        Assert.False(Member(many + "i32").Understands(Member(many + "i64")));
        string huge = new('(', 10_000_000);
        Assert.True(Member(huge).Understands(Member(huge)));
        Assert.False(Member(huge).Understands(Member(huge + ")")));
    }

    private static RpcMember Member(string shape) => new("M", "void M();", shape);
}
