using System.Text;
using System.Text.Json;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>Values from JSON to bytes and back, for every type of the format.</summary>
public sealed class JsonValueTests
{
    [Theory]
    [InlineData("bool", "true", "01")]
    [InlineData("u8", "255", "FF")]
    [InlineData("i8", "-128", "80")]
    [InlineData("u16", "65535", "FFFF")]
    [InlineData("i16", "-2", "FEFF")]
    [InlineData("u32", "4294967295", "FFFFFFFF")]
    [InlineData("i32", "-2", "FEFFFFFF")]
    [InlineData("u64", "18446744073709551615", "FFFFFFFFFFFFFFFF")]
    [InlineData("i64", "-9223372036854775808", "0000000000000080")]
    [InlineData("u128", "340282366920938463463374607431768211455", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("i128", "-170141183460469231731687303715884105728", "00000000000000000000000000000080")]
    [InlineData("char", "\"ß\"", "DF00")]
    [InlineData("char", "55296", "00D8")]
    [InlineData("f16", "1.5", "003E")]
    [InlineData("f32", "1.5", "0000C03F")]
    [InlineData("f64", "1.5", "000000000000F83F")]
    [InlineData("f64", "\"NaN\"", null)]
    [InlineData("f32", "\"-Infinity\"", "000080FF")]
    [InlineData("f64", "1E+300", null)]
    [InlineData("decimal", "-1.50", "96000000000000000000000000000280")]
    [InlineData("integer", "0", "0100")]
    [InlineData("integer", "-1", "01FF")]
    [InlineData("integer", "1267650600228229401496703205376", null)]
    [InlineData("text", "\"aß\\n\"", "0561C39F0A")]
    [InlineData("text", "\"\"", "01")]
    [InlineData("text?", "null", "00")]
    [InlineData("text?", "\"\"", "01")]
    [InlineData("guid", "\"00112233-4455-6677-8899-aabbccddeeff\"", "00112233445566778899AABBCCDDEEFF")]
    [InlineData("time", "\"2026-01-31T12:00:00.5Z\"", null)]
    [InlineData("time", "\"2026-01-31T12:00:00\"", null)]
    [InlineData("time", "\"0001-01-01T00:00:00\"", "000000000000000000")]
    [InlineData("time+offset", "\"2026-01-31T12:00:00+01:30\"", null)]
    [InlineData("date", "\"0001-01-02\"", "01000000")]
    [InlineData("time-of-day", "\"00:00:00.0000001\"", "0100000000000000")]
    [InlineData("span", "\"PT0.0000001S\"", "0100000000000000")]
    [InlineData("bytes", "\"AQID\"", "03010203")]
    [InlineData("~json", "{\"a\":[1,null]}", "0E7B2261223A5B312C6E756C6C5D7D")]
    [InlineData("~json", "null", "046E756C6C")]
    [InlineData("[~my-format2]", "[\"AQID\"]", "0103010203")]
    [InlineData("i32?", "null", "00")]
    [InlineData("i32?", "1", "0101000000")]
    [InlineData("[u8]", "[1,2]", "020102")]
    [InlineData("{u8}", "[1,2]", "020102")]
    [InlineData("[text?]", "[null,\"a\"]", "02000261")]
    [InlineData("{text=u8}", "{\"a\":1,\"b c\":2}", "020261010462206302")]
    [InlineData("{u8=bool}", "[[1,true],[2,false]]", "0201010200")]
    [InlineData("(u8,text)", "[1,\"a\"]", "010261")]
    [InlineData("{X:u8,Y:{Z:bool}}", "{\"X\":1,\"Y\":{\"Z\":true}}", "0101")]
    [InlineData("{N:u8,Next:^1?}", "{\"N\":1,\"Next\":{\"N\":2,\"Next\":null}}", "01010200")]
    [InlineData("#{1:Id:u8,300:Tags:[text]}", "{\"Id\":3,\"Tags\":[\"a\"]}", "0F000000010100000003AC0203000000010261")]
    [InlineData("#{1:Id:u8,300:Tags:[text]}", "{}", "00000000")]
    [InlineData("uri", "\"https://example.org/a?b\"", null)]
    [InlineData("uri?", "null", "00")]
    [InlineData("version", "\"1.2\"", "04312E32")]
    [InlineData("ip", "\"::1\"", "043A3A31")]
    [InlineData("endpoint", "\"[::1]:80\"", null)]
    [InlineData("|{1:A:{X:u8},200:B:{}}", "{\"$type\":\"A\",\"X\":3}", "0103")]
    [InlineData("|{1:A:{X:u8},200:B:{}}", "{\"$type\":\"B\"}", "C801")]
    [InlineData("|{1:A:#{1:Id:u8}}?", "{\"$type\":\"A\",\"Id\":3}", "010106000000010100000003")]
    [InlineData(
        "|{1:Leaf:{},2:Node:{All:[^2]}}",
        "{\"$type\":\"Node\",\"All\":[{\"$type\":\"Leaf\"},{\"$type\":\"Node\",\"All\":[]}]}",
        "0202010200")]
    public void A_value_survives_conversion_to_bytes_and_back(string shape, string json, string? bytes)
    {
        byte[] written = Write(shape, json);
        if (bytes is not null)
        {
            Assert.Equal(bytes, Convert.ToHexString(written));
        }

        Assert.Equal(json, Read(shape, written));
    }

    [Fact]
    public void A_union_case_missing_from_the_description_is_an_error()
    {
        ToolException failed = Assert.Throws<ToolException>(() => Read("|{1:A:{}}", [2]));
        Assert.Contains("the case 2, which the description lacks. It has A", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_a_newer_type_are_shown_by_their_numbers() => Assert.Equal(
        "{\"Id\":3,\"300\":\"AQJh\"}", Read("#{1:Id:u8}", Convert.FromHexString("0F000000010100000003AC0203000000010261")));

    [Theory]
    [InlineData("i64", "\"5\"", "5")]
    [InlineData("decimal", "\"0.10\"", "0.10")]
    [InlineData("decimal", "1e2", "100")]
    [InlineData("span", "\"01:30:00\"", "\"PT1H30M\"")]
    [InlineData("span", "\"5s\"", "\"PT5S\"")]
    [InlineData("time-of-day", "\"12:30\"", "\"12:30:00\"")]
    [InlineData("{Value:u8}", "{\"value\":1}", "{\"Value\":1}")]
    [InlineData("{A:u8,N:i32?,T:text?}", "{\"A\":1}", "{\"A\":1,\"N\":null,\"T\":null}")]
    [InlineData("{text=u8}", "[[\"a\",1]]", "{\"a\":1}")]
    public void Alternative_forms_of_a_value_are_accepted(string shape, string json, string back) =>
        Assert.Equal(back, Read(shape, Write(shape, json)));

    [Theory]
    [InlineData("bool", "1", "$: 1 is not true or false (bool)")]
    [InlineData("u8", "256", "$: 256 is not an integer from 0 to 255 (u8)")]
    [InlineData("i32", "1.0", "$: 1.0 is not an integer of 32 bits (i32)")]
    [InlineData("i32", "\"1\"", "$: \"1\" is not an integer")]
    [InlineData("u128", "-1", "$: -1 is not")]
    [InlineData("f16", "70000", "is not a number (f16)")]
    [InlineData("f64", "\"x\"", "is not a number (f64)")]
    [InlineData("char", "\"ab\"", "is not a text of one character")]
    [InlineData("char", "65536", "is not a text of one character")]
    [InlineData("text", "null", "$: null is not a text (text)")]
    [InlineData("text", "\"\\ud800\"", "not valid Unicode")]
    [InlineData("guid", "\"x\"", "is not a GUID")]
    [InlineData("time", "\"yesterday\"", "is not a time")]
    [InlineData("date", "\"2026-02-30\"", "is not a date")]
    [InlineData("span", "\"infinite\"", "is not a duration")]
    [InlineData("bytes", "\"%\"", "is not bytes in base64")]
    [InlineData("decimal", "1e99", "$: 1e99 is not a decimal")]
    [InlineData("[{price:decimal}]", "[{\"price\":1},{\"price\":2},{\"price\":\"x\"}]", "$[2].price: \"x\" is not a decimal")]
    [InlineData("{A:u8}", "{}", "$.A: is missing, an integer from 0 to 255 (u8)")]
    [InlineData("{A:u8}", "{\"A\":1,\"B\":1}", "$: 'B' is not a part of this value. There is A")]
    [InlineData("{A:u8}", "{\"A\":1,\"a\":1}", "$: 'a' is there twice")]
    [InlineData("{A:u8}", "[]", "$: [] is not an object with A")]
    [InlineData("(u8,u8)", "[1]", "$: [1] is not an array of 2")]
    [InlineData("{u8=u8}", "[[1]]", "$[0]: [1] is not a pair")]
    [InlineData("{text=u8}", "{\"odd name\":x}", "JSON")]
    [InlineData("{text=u8}", "{\"odd name\":-1}", "$[\"odd name\"]: -1 is not")]
    [InlineData("#{1:Id:u8}", "{\"x\":\"\"}", "$: 'x' is not a part of this value. There is Id")]
    [InlineData("#{1:Id:u8}", "{\"Id\":-2}", "$.Id: -2 is not an integer")]
    [InlineData("#{1:Id:u8}", "[]", "$: [] is not an object with any of Id")]
    [InlineData("|{1:A:{X:u8}}", "{\"X\":3}", "is not an object with \"$type\", one of A")]
    [InlineData("|{1:A:{X:u8}}", "{\"$type\":1,\"X\":3}", "is not an object with \"$type\", one of A")]
    [InlineData("|{1:A:{X:u8}}", "{\"$type\":\"B\",\"X\":3}", "$: 'B' is not a case of this value. There is A")]
    [InlineData("{A:u8}", "{\"A\":1,\"$type\":\"A\"}", "$: '$type' is not a part of this value")]
    [InlineData("uri", "\"http://[\"", "is not a URI")]
    [InlineData("version", "\"1\"", "is not a version")]
    [InlineData("ip", "\"a\"", "is not an IP address")]
    [InlineData("endpoint", "1", "is not an IP address with a port")]
    [InlineData("*u8", "[]", "a stream cannot be written")]
    public void A_value_that_does_not_fit_is_reported_with_its_path(string shape, string json, string part)
    {
        var wrong = Assert.Throws<ToolException>(() => Write(shape, json));
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
        Assert.Contains(part, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_may_be_64_levels_deep()
    {
        static string Nested(int levels) =>
            string.Concat(Enumerable.Repeat("{\"Next\":", levels - 1)) + "{\"Next\":null}" + new string('}', levels - 1);
        Assert.Equal(Nested(64), Read("{Next:^1?}", Write("{Next:^1?}", Nested(64))));
        Assert.Contains("deeper", Assert.Throws<ToolException>(() => Write("{Next:^1?}", Nested(65))).Message, StringComparison.Ordinal);
        Assert.Throws<ToolException>(() => Write("{Next:^1?}", Nested(100_000)));
    }

    [Theory]
    [InlineData("bool", "02")]
    [InlineData("i32", "0102")]
    [InlineData("text", "00")]
    [InlineData("text", "FFFFFFFF0F")]
    [InlineData("[u8]", "8080808001")]
    [InlineData("bytes", "05")]
    [InlineData("time", "FFFFFFFFFFFFFFFF00")]
    [InlineData("decimal", "000000000000000000000000FFFFFFFF")]
    [InlineData("#{1:Id:u8}", "FFFFFF7F")]
    [InlineData("#{1:Id:u8}", "0500000001FFFFFFFF")]
    [InlineData("{N:^1?}", "01010101")]
    public void Bytes_that_do_not_fit_are_an_error(string shape, string bytes) =>
        Assert.ThrowsAny<FormatException>(() => Read(shape, Convert.FromHexString(bytes)));

    [Fact]
    public void A_reply_that_nests_too_deeply_is_an_error() =>
        Assert.ThrowsAny<FormatException>(() => Read("{N:^1?}", [.. Enumerable.Repeat((byte)1, 100_000)]));

    [Fact]
    public void A_reply_cannot_multiply_elements_without_bytes()
    {
        // A list of 20,000 lists of 10,000 elements, each of no byte.
        RpcWriter writer = new([]);
        writer.WriteCount(20_000);
        for (int i = 0; i < 20_000; i++)
        {
            writer.WriteCount(10_000);
        }

        byte[] bytes = [.. writer.Written, .. new byte[20_000]];
        writer.Dispose();
        Assert.Throws<ToolException>(() => Read("[[()]]", bytes));
    }

    [Fact]
    public void A_reply_cannot_multiply_long_names() => Assert.Throws<ToolException>(
        () => Read($"[{{{new string('n', 100_000)}:bool,B:bool}}]", [0xC0, 0x84, 0x3D, .. new byte[2_000_000]]));

    [Fact]
    public void A_huge_integer_is_an_error() =>
        Assert.Throws<ToolException>(() => Read("integer", [0xC0, 0x84, 0x3D, .. new byte[1_000_000]]));

    [Fact]
    public void Random_bytes_yield_JSON_or_an_error()
    {
        string[] shapes =
        [
            "[{A:text?,B:[i32?],C:{text=decimal}}]", "{N:u8,Next:^1?,Kids:[^1]}",
            "(#{1:Id:u8,2:Next:^1?},time,time+offset,date,integer)", "{u8={text}}",
        ];
        Random random = new(18);
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            for (int j = 0; j < bytes.Length; j++)
            {
                bytes[j] = random.Next(3) == 0 ? bytes[j] : (byte)(bytes[j] % 4);
            }

            try
            {
                using JsonDocument json = JsonDocument.Parse(Read(shapes[i % shapes.Length], bytes, toEnd: false));
            }
            catch (FormatException)
            {
                // They do not fit.
            }
        }
    }

    private static byte[] Write(string shape, string json)
    {
        using JsonDocument document = JsonArguments.Parse(Encoding.UTF8.GetBytes(json));
        RpcWriter writer = new([]);
        try
        {
            new JsonToWire().Write(ref writer, ShapeParser.Parse(shape), document.RootElement);
            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static string Read(string shape, byte[] bytes, bool toEnd = true)
    {
        RpcReader reader = new(bytes);
        string json = Encoding.UTF8.GetString(WireToJson.Read(ref reader, ShapeParser.Parse(shape)).Span);
        if (toEnd)
        {
            reader.End();
        }

        return json;
    }
}
