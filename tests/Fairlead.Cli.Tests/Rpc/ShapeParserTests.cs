using Fairlead.Cli.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

public sealed class ShapeParserTests
{
    [Theory]
    [InlineData("bool")]
    [InlineData("time+offset")]
    [InlineData("time-of-day")]
    [InlineData("text?")]
    [InlineData("i32?")]
    [InlineData("[text?]")]
    [InlineData("[[i32]]?")]
    [InlineData("{u8}")]
    [InlineData("{text={X:i32,Y:i32}}")]
    [InlineData("{{X:i32}=i64}")]
    [InlineData("(bool,u8,[i16])")]
    [InlineData("{Name:text,Children:[^1]}")]
    [InlineData("{Kids:{text=^1},Next:^1?}")]
    [InlineData("{A:{B:^1?,C:[^2]},D:([^1],^2?)}")]
    [InlineData("{text:i32}")]
    [InlineData("{text:i32,i32:text}")]
    [InlineData("{Größe:i32}")]
    [InlineData("#{1:Id:i32}")]
    [InlineData("|{1:A:{},3:B:#{1:Id:i32}}")]
    [InlineData("|{1:Leaf:{},2:Node:{All:[^2],One:^1?}}")]
    [InlineData("{Next:|{1:A:^2}?}")]
    [InlineData("#{1:Id:i32,7:Next:^1?}")]
    [InlineData("[#{2:Items:{text=[i32]}}]")]
    [InlineData("(#{1:Id:i32}?,#{1:Id:i32})")]
    [InlineData("*{X:i32}")]
    [InlineData("*i32?")]
    [InlineData("&{}")]
    [InlineData("&call{Report([i32])}?")]
    [InlineData("&{Arrived(text,*{X:i32})!;Ask()->i32?}?")]
    [InlineData("(&{Next(i32)},[i32])")]
    public void A_parsed_shape_has_the_same_text(string text) => Assert.Equal(text, $"{ShapeParser.Parse(text)}");

    [Fact]
    public void A_member_has_parameters_and_a_result()
    {
        MemberShape shape = ShapeParser.ParseMember("(i32,{text=i32})->*text?");
        Assert.Equal(["i32", "{text=i32}"], shape.Parameters.Select(static one => one.ToString()));
        Assert.Equal("*text?", $"{shape.Result}");
        Assert.Empty(ShapeParser.ParseMember("()").Parameters);
        Assert.Null(ShapeParser.ParseMember("()").Result);
    }

    [Fact]
    public void Parse_distinguishes_maps_composites_and_sets()
    {
        Assert.IsType<MapShape>(ShapeParser.Parse("{text=i32}"));
        Assert.IsType<MapShape>(ShapeParser.Parse("{time+offset=i32}"));
        Assert.IsType<CompositeShape>(ShapeParser.Parse("{text:i32}"));
        Assert.IsType<CompositeShape>(ShapeParser.Parse("{Text:i32}"));
        Assert.IsType<CompositeShape>(ShapeParser.Parse("{text:i32,n:i32}"));
        Assert.True(Assert.IsType<ListShape>(ShapeParser.Parse("{text}")).IsSet);
        CompositeShape tree = Assert.IsType<CompositeShape>(ShapeParser.Parse("{Kids:[^1]}"));
        Assert.Same(tree, Assert.IsType<RecursiveShape>(Assert.IsType<ListShape>(tree.Parts[0].Shape).Element).Target);
    }

    [Theory]
    [InlineData("")]
    [InlineData("i33")]
    [InlineData("[i32")]
    [InlineData("i32]")]
    [InlineData("i32??")]
    [InlineData("text??")]
    [InlineData("{a:}")]
    [InlineData("{a:i32,}")]
    [InlineData("{a:i32,:i32}")]
    [InlineData("{text:i32,text}")]
    [InlineData("{}")]
    [InlineData("{text=i32,i32=text}")]
    [InlineData("{a:i32,a:i32}")]
    [InlineData("^1")]
    [InlineData("[^1]")]
    [InlineData("{A:{B:^3}}")]
    [InlineData("{A:^0}")]
    [InlineData("{A:^01}")]
    [InlineData("{A:^}")]
    [InlineData("{A:^99999999999}")]
    [InlineData("#")]
    [InlineData("#{}")]
    [InlineData("#{1:i32}")]
    [InlineData("#{A:i32}")]
    [InlineData("#{1:A:i32,1:B:i32}")]
    [InlineData("|{}")]
    [InlineData("|{A:{}}")]
    [InlineData("|{1:A:i32}")]
    [InlineData("|{1:A:^1}")]
    [InlineData("|{1:A:{}?}")]
    [InlineData("|{1:A:|{1:B:{}}}")]
    [InlineData("|{1:A:{},1:B:{}}")]
    [InlineData("(,)")]
    [InlineData("\u001b[31m")]
    public void An_invalid_shape_is_an_error(string text) => Assert.Throws<ToolException>(() => ShapeParser.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("i32")]
    [InlineData("()-")]
    [InlineData("()->")]
    [InlineData("()->i32,")]
    [InlineData("()i32")]
    [InlineData("(&)")]
    [InlineData("(&{)")]
    [InlineData("(&later{A()})")]
    [InlineData("(&{A})")]
    [InlineData("(&{A()!!})")]
    [InlineData("(&{A()}")]
    public void An_invalid_member_is_an_error(string text) => Assert.Throws<ToolException>(() => ShapeParser.ParseMember(text));

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{text=", "}")]
    [InlineData("{a:", "}")]
    [InlineData("{text:", ",b:i32}")]
    [InlineData("#{1:a:", "}")]
    [InlineData("(", ")")]
    [InlineData("*", "")]
    [InlineData("&{A(", ")}")]
    public void Parse_refuses_a_shape_beyond_the_depth_limit(string before, string behind)
    {
        static string Nested(string before, string behind, int levels) =>
            string.Concat(Enumerable.Repeat(before, levels)) + "i32" + string.Concat(Enumerable.Repeat(behind, levels));
        ShapeParser.Parse(Nested(before, behind, ShapeParser.MaxDepth - 1));
        Assert.Contains(
            "deeper",
            Assert.Throws<ToolException>(() => ShapeParser.Parse(Nested(before, behind, ShapeParser.MaxDepth))).Message,
            StringComparison.Ordinal);
        Assert.Throws<ToolException>(() => ShapeParser.Parse(Nested(before, behind, 10_000)));
    }

    [Fact]
    public void Parse_refuses_a_shape_beyond_the_length_limit() => Assert.Contains(
        "characters",
        Assert.Throws<ToolException>(() => ShapeParser.Parse(new string('[', ShapeParser.MaxLength + 1))).Message,
        StringComparison.Ordinal);

    [FullRun(Reason.Repeats)]
    [Fact]
    public void Random_texts_yield_a_shape_or_an_error()
    {
        const string Letters = "[]{}()#^&*?:=,;!.i32text->_ 10A\u0301\ud800";
        Random random = new(18);
        for (int i = 0; i < 200_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => Letters[random.Next(Letters.Length)]));
            try
            {
                Shape shape = ShapeParser.Parse(text);
                Assert.Equal(text, $"{shape}");
            }
            catch (ToolException)
            {
                // It is not in the language.
            }
        }
    }
}
