using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The commands against a service of this process, at an address.</summary>
public sealed class ServiceCommandTests : IAsyncLifetime
{
    private readonly ToolHome _home = new();
    private readonly Warehouse _service = new();
    private RpcServer _server = null!;

    private string Address => $"unix://{_home.Work}/warehouse";

    public async ValueTask InitializeAsync() => _server = await Fairlead.Rpc.Rpc.ServeAsync<IWarehouse>(Address, _service);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task A_record_is_sent_and_returned_unchanged()
    {
        const string Order =
            """{"Id":"00112233-4455-6677-8899-aabbccddeeff","At":"2026-01-31T12:00:00+01:00","""
            + """ "Lines":[{"Item":"nut","Price":0.10}],"Grade":"Fine","Note":null}""";
        Outcome called = await _home.RunAsync("call", Address, "Echo", $"[{Order}]");
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal(Order.Replace(" ", "", StringComparison.Ordinal) + "\n", called.Output);
    }

    [Theory]
    [InlineData("Prices", "{\"items\":[\"a\",\"bc\"]}", "{\"a\":1.5,\"bc\":3.0}")]
    [InlineData("pricesasync", "{\"items\":[\"a\"],\"factor\":2,\"currency\":\"€\"}", "{\"a€\":2}")]
    [InlineData("Range", "[[3,1,2]]", "[1,3]")]
    [InlineData("Range", "[[]]", "null")]
    [InlineData("Deepen", "[{\"Name\":\"a\"}]", "{\"Name\":\"above\",\"Next\":{\"Name\":\"a\",\"Next\":null}}")]
    [InlineData("Count", "{}", "1")]
    [InlineData("twice", "[7]", "14")]
    public async Task Call_prints_the_result_of_a_member(string member, string json, string result)
    {
        Outcome called = await _home.RunAsync("call", Address, member, json);
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal($"{result}\n", called.Output);
    }

    [Fact]
    public async Task Arguments_are_read_from_stdin()
    {
        ToolProcess call = _home.Start("call", Address, "Twice", "-");
        await call.SayAsync("{", "  \"number\": 12", "}");
        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "24\n", Error: "" }, called.ToString());
    }

    [Fact]
    public async Task A_byte_order_mark_before_arguments_is_skipped()
    {
        Outcome called = await _home.StartShell($"printf '\\357\\273\\277[12]' | fairlead call {Address} Twice -").EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "24\n", Error: "" }, called.ToString());
    }

    [Fact]
    public async Task Arguments_in_another_encoding_are_a_usage_error_with_the_position_of_the_byte()
    {
        Outcome called = await _home.StartShell($"printf '[\"caf\\351\"]' | fairlead call {Address} Echo -").EndAsync();
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains("the arguments are not valid UTF-8: byte 6 is 0xE9", called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_without_a_result_prints_nothing()
    {
        Outcome called = await _home.RunAsync("call", Address, "Note", "{\"line\":\"hello\"}");
        Assert.True(called is { ExitCode: 0, Output: "", Error: "" }, called.ToString());
        Assert.Equal("hello", await _service.Noted.Task);
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(1, 65)]
    [InlineData(48, 112)]
    [InlineData(49, 113)]
    [InlineData(-1, 113)]
    [InlineData(int.MaxValue, 113)]
    public async Task An_error_of_the_service_becomes_an_exit_code(int code, int exit)
    {
        Outcome called = await _home.RunAsync("call", Address, "Fail", $"[{code},\"out of paper\"]");
        Assert.True(called.ExitCode == exit && called.Output.Length == 0, called.ToString());
        Assert.Contains($"answered Fail with error {code}: out of paper", called.Error, StringComparison.Ordinal);
        Assert.Contains("details: more", called.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "\"Read, Write\"\n")]
    [InlineData("[\"run,write\"]", "\"Write, Run\"\n")]
    [InlineData("{\"access\":7,\"grade\":\"Raw\"}", "\"Read, Run\"\n")]
    [InlineData("[\"Write\",null]", "\"None\"\n")]
    [InlineData("[8]", "8\n")]
    public async Task Enums_are_passed_and_printed_by_name(string? json, string output)
    {
        Outcome called = await _home.RunAsync([.. new[] { "call", Address, "Grant" }, .. json is null ? Array.Empty<string>() : [json]]);
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal(output, called.Output);
    }

    [Theory]
    [InlineData("Grant", "[\"Fly\"]", "$.access: \"Fly\" is not a name of Access, or several with commas, or an integer of 32 bits (i32). "
        + "There is None, Read, Write, Run")]
    [InlineData("Nothing", null, "has no member 'Nothing'. It has Echo, PricesAsync, Range")]
    [InlineData("Range", null, "the argument 'numbers' is missing")]
    [InlineData("Range", "{\"number\":[]}", "'number' is not a parameter of Range. There is numbers")]
    [InlineData("Range", "{\"numbers\":[1,2,true]}", "$.numbers[2]: true is not an integer of 32 bits (i32)")]
    [InlineData("Range", "[[],1]", "2 arguments are too many")]
    [InlineData("Range", "3", "not 3. It is called with {\"numbers\":…}")]
    [InlineData("Range", "{", "not JSON")]
    public async Task Arguments_that_do_not_fit_exit_2(string member, string? json, string part)
    {
        Outcome called = await _home.RunAsync([.. new[] { "call", Address, member }, .. json is null ? Array.Empty<string>() : [json]]);
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains(part, called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_exits_124_at_its_timeout()
    {
        Outcome called = await _home.RunAsync("call", Address, "Wait", "--timeout", "300ms");
        Assert.True(called is { ExitCode: 124, Output: "" }, called.ToString());
    }

    [Fact]
    public async Task A_contract_is_described_as_source()
    {
        Outcome described = await _home.RunAsync("describe", Address);
        Assert.True(described is { ExitCode: 0, Error: "" }, described.ToString());
        Assert.Equal(
            [
                $"// {Address}: Tests.IWarehouse, hash {_server.Description.Hash:x16}",
                "/// The contract that these tests call through the tool.",
                "public interface IWarehouse",
                "{",
            ],
            described.Lines[..4]);
        foreach (string line in (string[])
        [
            "    Order Echo(Order order);",
            "    [OneWay] void Note(string line);",
            "    /// Counts.",
            "public record Order(Guid Id, DateTimeOffset At, Line[] Lines, Grade Grade, string? Note);",
            "public record Line(string Item, decimal Price);",
            "public enum Grade : byte { Raw = 0, Fine = 1 }",
            "public record Node(string Name, Node? Next);",
        ])
        {
            Assert.Contains(line, described.Lines);
        }
    }

    [Fact]
    public async Task A_saved_contract_is_compared_with_the_running_service()
    {
        string saved = (await _home.RunAsync("describe", Address, "--output", "json")).Output;
        await SaveAsync("same.json", saved);
        Outcome same = await _home.RunAsync("diff", "same.json", Address);
        Assert.True(same is { ExitCode: 0, Output: "", Error: "The contracts are equal.\n" }, same.ToString());

        // The live one has Range with long, has lost Count, and has gained Wait and Note with another declaration.
        await SaveAsync(
            "old.json",
            saved
                .Replace("([i32])->(i32,i32)?", "([i64])->(i32,i32)?", StringComparison.Ordinal)
                .Replace("\"name\":\"Count\"", "\"name\":\"Number\"", StringComparison.Ordinal)
                .Replace("string line", "string text", StringComparison.Ordinal));
        Outcome breaking = await _home.RunAsync("diff", "old.json", Address, "--output", "json");
        Assert.True(breaking is { ExitCode: 1, Error: "" }, breaking.ToString());
        Assert.Equal(
            ["Range changed True True", "Number removed True False", "Note redeclared False False", "Count added False True"],
            breaking.Lines.Select(static line => JsonDocument.Parse(line).RootElement).Select(static line => string.Join(
                ' ',
                ((string[])["member", "change", "breaksOldClients", "breaksNewClients"]).Select(name => line.GetProperty(name)))));

        const string Count =
            """{"name":"Count","declaration":"int Count();","shape":"()->i32","oneWay":false,"idempotent":false,"summary":"Counts."},""";
        await SaveAsync("less.json", saved.Replace(Count, "", StringComparison.Ordinal));
        Outcome more = await _home.RunAsync("diff", "less.json", Address);
        Assert.True(more.ExitCode == 0 && more.Lines.Length == 2, more.ToString());
        Assert.Equal("Old clients can call new servers. New clients are refused by old servers.\n", more.Error);
        Assert.Equal(1, (await _home.RunAsync("diff", Address, "less.json")).ExitCode);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("null", 2)]
    [InlineData("{}", 2)]
    [InlineData("[1]", 2)]
    [InlineData("{\"name\":\"\",\"members\":[]}", 2)]
    [InlineData("{\"name\":\"x\",\"members\":null}", 2)]
    [InlineData("{\"name\":\"x\",\"members\":[null]}", 2)]
    [InlineData("{\"name\":\"x\",\"members\":[{\"name\":null,\"declaration\":\"\",\"shape\":\"\"}]}", 2)]
    [InlineData("{\"name\":\"x\",\"members\":[]}", 0)]
    public async Task A_file_that_is_not_a_description_is_refused(string content, int exit)
    {
        await SaveAsync("new.json", content);
        Outcome compared = await _home.RunAsync("diff", "./new.json", "new.json");
        Assert.True(compared.ExitCode == exit && compared.Output.Length == 0, compared.ToString());
        Assert.True(exit == 0 || compared.Error.Contains("not a saved description", StringComparison.Ordinal), compared.Error);
    }

    [Fact]
    public async Task A_missing_file_or_service_exits_3()
    {
        Assert.Equal(3, (await _home.RunAsync("diff", "nowhere.json", Address)).ExitCode);
        await SaveAsync("calc", "");
        Outcome missing = await _home.RunAsync("diff", "calc", Address);
        Assert.True(missing.ExitCode == 3 && missing.Error.Contains("./calc", StringComparison.Ordinal), missing.ToString());
        Assert.Equal(3, (await _home.RunAsync("call", $"{Address}-not", "Count")).ExitCode);
    }

    private Task SaveAsync(string name, string content) => File.WriteAllTextAsync(Path.Combine(_home.Work, name), content);
}
