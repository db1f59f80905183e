using System.Text;
using System.Text.Json;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>Enums in JSON: their names come from the declarations of a description.</summary>
public sealed class EnumNameTests
{
    private const string Grade = "/// Of goods.\n/// { A = 1 }\npublic enum Grade : byte { Raw = 0, Fine = 1, Fair = 1, fine = 7 }";
    private const string Access = "[Flags] public enum Access { Read = 1, Write = 2, Both = 3, Run = 8 }";
    private const string Sign = "public enum Sign : sbyte { Minus = -1, Plus = 1 }";
    private const string Wide = "[Flags] public enum Wide : ulong { None = 0, Low = 1, High = 9223372036854775808 }";

    private static readonly string[] Types =
    [
        Grade, Access, Sign, Wide,
        "public enum Long : long { Least = -9223372036854775808 }",
        "public record Item([RpcMember(2)] Grade[] Grades, [RpcMember(1)] Item? Next);",
        "public record Node(Grade Grade, List<Node> Children);",
        "public record struct Box<Grade>(Grade Value);",
        "/// Goods.\n[RpcUnion(1, typeof(Coin)), RpcUnion(2, typeof(Bag))] public abstract class Good;",
        "public record Coin(Grade Grade);",
        "using Medal = Coin;", "using Prize = Medal;", "using Round = Circular;", "using Circular = Round;",
        "public record Bag(Good[] Goods);",
        "public record struct Box<int>(int Value);",
        "public interface IJudge\n{\n    /// Judges (…).\n    [OneWay] void Told(Grade grade);\n"
            + "    ValueTask<Grade?> JudgeAsync(Node node);\n}",
    ];

    [Theory]
    [InlineData("Grade", "u8", "\"Raw\"", "00")]
    [InlineData("Grade", "u8", "\"Fine\"", "01")]
    [InlineData("Grade", "u8", "\"fine\"", "07")]
    [InlineData("Grade", "u8", "9", "09")]
    [InlineData("Grade?", "u8?", "null", "00")]
    [InlineData("Grade?", "u8?", "\"Raw\"", "0100")]
    [InlineData("Sign", "i8", "\"Minus\"", "FF")]
    [InlineData("Sign", "i8", "-2", "FE")]
    [InlineData("Long", "i64", "\"Least\"", "0000000000000080")]
    [InlineData("Long", "i64", "-1", "FFFFFFFFFFFFFFFF")]
    [InlineData("Access", "i32", "\"Read\"", "01000000")]
    [InlineData("Access", "i32", "\"Both\"", "03000000")]
    [InlineData("Access", "i32", "\"Both, Run\"", "0B000000")]
    [InlineData("Access", "i32", "\"Write, Run\"", "0A000000")]
    [InlineData("Access", "i32", "0", "00000000")]
    [InlineData("Access", "i32", "4", "04000000")]
    [InlineData("Access", "i32", "-1", "FFFFFFFF")]
    [InlineData("Wide", "u64", "\"None\"", "0000000000000000")]
    [InlineData("Wide", "u64", "\"Low, High\"", "0100000000000080")]
    [InlineData("Wide", "u64", "18446744073709551615", "FFFFFFFFFFFFFFFF")]
    [InlineData("List<Grade>", "[u8]", "[\"Raw\",\"Fine\"]", "020001")]
    [InlineData("Grade?[]", "[u8?]", "[null,\"Fine\"]", "02000101")]
    [InlineData("Grade[][]", "[[u8]]", "[[\"Fine\"]]", "010101")]
    [InlineData("HashSet<Grade>", "{u8}", "[\"Fine\"]", "0101")]
    [InlineData("Dictionary<string, Grade>", "{text=u8}", "{\"a\":\"Fine\"}", "01026101")]
    [InlineData("IReadOnlyDictionary<Grade, Access[]>", "{u8=[i32]}", "[[\"Fine\",[\"Read\"]]]", "01010101000000")]
    [InlineData("(Grade Best, Dictionary<string, int> Rest, Grade)", "(u8,{text=i32},u8)", "[\"Raw\",{},\"Fine\"]", "000001")]
    [InlineData("ValueTuple<Grade>", "(u8)", "[\"Fine\"]", "01")]
    [InlineData("Prize", "{Grade:u8}", "{\"Grade\":\"Fine\"}", "01")]
    [InlineData("Round", "u8", "1", "01")]
    [InlineData("Box<Grade>", "{Value:u8}", "{\"Value\":\"Fine\"}", "01")]
    [InlineData("Good", "|{1:Coin:{Grade:u8},2:Bag:{Goods:[^2]}}", "{\"$type\":\"Coin\",\"Grade\":\"Fine\"}", "0101")]
    [InlineData(
        "Good",
        "|{1:Coin:{Grade:u8},2:Bag:{Goods:[^2]}}",
        "{\"$type\":\"Bag\",\"Goods\":[{\"$type\":\"Coin\",\"Grade\":\"Fine\"}]}",
        "02010101")]
    [InlineData("Box<int>", "{Value:i32}", "{\"Value\":1}", "01000000")]
    [InlineData(
        "Node",
        "{Grade:u8,Children:[^1]}",
        "{\"Grade\":\"Raw\",\"Children\":[{\"Grade\":\"Fine\",\"Children\":[]}]}",
        "00010100")]
    [InlineData(
        "Item",
        "#{1:Next:^1?,2:Grades:[u8]}",
        "{\"Next\":{\"Grades\":[\"Fine\"]},\"Grades\":[]}",
        null)]
    public void An_enum_value_is_written_and_read_by_its_name(string type, string shape, string json, string? bytes)
    {
        MemberCall member = Member($"{type} Same({type} value);", $"({shape})->{shape}");
        byte[] written = Write(member, $"[{json}]");
        if (bytes is not null)
        {
            Assert.Equal(bytes, Convert.ToHexString(written));
        }

        Assert.Equal(json, Read(member, written));
    }

    [Theory]
    [InlineData("Grade", "u8", "\"RAW\"", "\"Raw\"")]
    [InlineData("Grade", "u8", "\"Fair\"", "\"Fine\"")]
    [InlineData("Grade", "u8", "1", "\"Fine\"")]
    [InlineData("Access", "i32", "\"run,Read\"", "\"Read, Run\"")]
    [InlineData("Access", "i32", "\" Write , Read \"", "\"Both\"")]
    [InlineData("Access", "i32", "11", "\"Both, Run\"")]
    [InlineData("Long", "i64", "\"-1\"", "-1")]
    public void Alternative_forms_of_an_enum_value_are_accepted(string type, string shape, string json, string back)
    {
        MemberCall member = Member($"{type} Same({type} value);", $"({shape})->{shape}");
        Assert.Equal(back, Read(member, Write(member, $"[{json}]")));
    }

    [Theory]
    [InlineData(
        "Grade",
        "u8",
        "\"Rough\"",
        "$.value: \"Rough\" is not a name of Grade, or an integer from 0 to 255 (u8). There is Raw, Fine, Fair, fine")]
    [InlineData("Grade", "u8", "\"FINE\"", "$.value: \"FINE\" is not a name of Grade")]
    [InlineData("Grade", "u8", "\"Raw, Fine\"", "is not a name of Grade")]
    [InlineData("Grade", "u8", "\"\"", "is not a name of Grade")]
    [InlineData("Grade", "u8", "256", "$.value: 256 is not a name of Grade, or an integer from 0 to 255")]
    [InlineData("Grade", "u8", "null", "$.value: null is not a name of Grade")]
    [InlineData("Grade", "u8", "\"\\ud800\"", "not valid Unicode")]
    [InlineData(
        "Access", "i32", "\"Read,Fly\"", "is not a name of Access, or several with commas, or an integer of 32 bits (i32). There is Read,")]
    [InlineData("Access", "i32", "\"Read,\"", "is not a name of Access")]
    [InlineData("Grade[]", "[u8]", "[0,\"x\"]", "$.value[1]: \"x\" is not a name of Grade")]
    public void An_unknown_enum_name_is_refused_and_the_error_lists_the_known_names(string type, string shape, string json, string part)
    {
        MemberCall member = Member($"{type} Same({type} value);", $"({shape})->{shape}");
        var wrong = Assert.Throws<ToolException>(() => Write(member, $"[{json}]"));
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
        Assert.Contains(part, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Grade value = Grade.Fine", "u8", "\"Fine\"")]
    [InlineData("Grade? value = Grade.Fine", "u8?", "\"Fine\"")]
    [InlineData("Grade? value = null", "u8?", "null")]
    [InlineData("Grade value = default", "u8", "\"Raw\"")]
    [InlineData("Grade value = (Grade)9", "u8", "9")]
    [InlineData("Access value = Access.Read | Access.Run", "i32", "\"Read, Run\"")]
    public void An_enum_default_is_read_from_the_declaration(string parameter, string shape, string value)
    {
        MemberCall member = Member($"{parameter.Split(' ')[0]} Same({parameter});", $"({shape})->{shape}");
        Assert.Equal(value, Read(member, Write(member, "{}")));
    }

    [Theory]
    [InlineData("ValueTask<Grade>", "u8")]
    [InlineData("Task<Grade>", "u8")]
    [InlineData("IAsyncEnumerable<Grade>", "*u8")]
    public void Task_and_stream_results_have_enum_names(string type, string shape)
    {
        MemberCall member = Member($"{type} GetAsync(CancellationToken cancellationToken = default);", $"()->{shape}");
        Shape result = member.Shape.Result is StreamShape stream ? stream.Element : member.Shape.Result!;
        RpcReader reader = new([1]);
        Assert.Equal("\"Fine\"", Encoding.UTF8.GetString(WireToJson.Read(ref reader, result).Span));
    }

    [Fact]
    public void Callback_members_have_enum_names_in_both_directions()
    {
        const string Shape = "(&{Told(u8)!;JudgeAsync({Grade:u8,Children:[^1]})->u8?}?)";
        MemberCall member = Member("void Ask(IJudge? judge);", Shape);
        var judge = (CallbackShape)((OptionalShape)member.Shape.Parameters[0]).Inner;
        Assert.StartsWith("a name of Grade,", judge.Members[0].Shape.Parameters[0].Words, StringComparison.Ordinal);
        Assert.IsType<EnumShape>(((CompositeShape)judge.Members[1].Shape.Parameters[0]).Parts[0].Shape);
        Assert.IsType<EnumShape>(((OptionalShape)judge.Members[1].Shape.Result!).Inner);

        // The service compares these texts.
        Assert.Equal(["(u8)", "({Grade:u8,Children:[^1]})->u8?"], judge.Contract().Members.Select(static one => one.Shape));
        Assert.Equal(Shape, $"{member.Shape}");
    }

    [Theory]
    [InlineData("u16", "Grade")] // another integer
    [InlineData("u8", "Rank")] // not declared
    [InlineData("u8", "Twice")] // two types of this name
    [InlineData("u8", "Grade[]")]
    [InlineData("u8", "")]
    public void An_enum_type_that_does_not_fit_the_shape_is_shown_as_numbers(string shape, string type)
    {
        string[] types = [.. Types, "public enum Twice : byte { A = 1 }", "public enum Twice : byte { B = 1 }"];
        RpcDescription contract = new("Tests", [new RpcMember("Same", $"{type} Same();", $"()->{shape}")], types);
        Assert.IsType<SimpleShape>(MemberCall.Of(contract, 0).Shape.Result);
    }

    [Theory]
    [InlineData("public enum Odd : byte { A = 256, B = x, C, D = 1, D = 2, 1E = 3, \u001b = 4, \u202eF = 5 }", 1, "\"D\"")]
    [InlineData("public enum Odd : byte { A = 256, B = x, C, D = 1, D = 2, 1E = 3, \u001b = 4, \u202eF = 5 }", 4, "4")]
    [InlineData("public enum Odd : byte { A = 1, … }", 1, "\"A\"")]
    [InlineData("public enum Odd : byte {  }", 1, "1")]
    [InlineData("public enum Odd : byte { A = 1", 1, "1")]
    [InlineData("public enum Odd : char { A = 1 }", 1, "1")]
    [InlineData("public enum Odd : byte : byte { A = 1 }", 1, "1")]
    [InlineData("public enum Odd : byte } {", 1, "1")]
    [InlineData("/// public enum Odd : byte { A = 1 }", 1, "1")]
    public void A_malformed_enum_declaration_yields_its_valid_names(string type, byte value, string json)
    {
        RpcDescription contract = new("Tests", [new RpcMember("Get", "Odd Get();", "()->u8")], [type]);
        Assert.Equal(json, Read(MemberCall.Of(contract, 0), [value]));
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public void Random_declarations_never_change_the_shape()
    {
        const string Shape = "({Grade:u8,Children:[^1]},{text=u8}?,(u8,i32),&{Told(u8)!})->*[u8]";
        const string Member =
            "IAsyncEnumerable<Grade[]> Get(Node node, Dictionary<string, Grade>? map, (Grade A, Access B) pair, IJudge judge);";
        const string Letters = "<>()[]{},;?=. \n/\"'\\|GA1";
        Random random = new(5242);
        for (int i = 0; i < 20_000; i++)
        {
            string[] types = [.. Types.Select(Change)];
            MemberCall call = MemberCall.Of(new RpcDescription("Tests", [new RpcMember("Get", Change(Member), Shape)], types), 0);
            Assert.Equal(Shape, $"{call.Shape}");
        }

        string Change(string text)
        {
            StringBuilder changed = new(text);
            for (int changes = random.Next(4); changes > 0; changes--)
            {
                int at = random.Next(changed.Length);
                _ = random.Next(3) switch
                {
                    0 => changed.Remove(at, 1),
                    1 => changed.Insert(at, Letters[random.Next(Letters.Length)]),
                    _ => changed.Replace(changed[at], Letters[random.Next(Letters.Length)], at, 1),
                };
            }

            return $"{changed}";
        }
    }

    private static MemberCall Member(string declaration, string shape)
    {
        string name = Declaration.Parse(declaration)!.Name;
        return MemberCall.Of(new RpcDescription("Tests", [new RpcMember(name, declaration, shape)], Types), 0);
    }

    private static byte[] Write(MemberCall member, string json)
    {
        using JsonDocument document = JsonArguments.Parse(Encoding.UTF8.GetBytes(json));
        RpcWriter writer = new([]);
        try
        {
            JsonArguments.Of(member, document.RootElement).Write(ref writer, 0);
            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static string Read(MemberCall member, byte[] bytes)
    {
        RpcReader reader = new(bytes);
        string json = Encoding.UTF8.GetString(WireToJson.Read(ref reader, member.Shape.Result!).Span);
        reader.End();
        return json;
    }
}
