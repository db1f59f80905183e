using System.Text;
using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The commands against a server that is not one of Fairlead's.</summary>
[FullRun(Reason.Variants)]
public sealed class HostileServiceTests : IDisposable
{
    private readonly ToolHome _home = new();

    private string Address => $"unix://{_home.Work}/hostile";

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("(i33)", "shape that cannot be read")]
    [InlineData("([i32)->", "shape that cannot be read")]
    [InlineData("()->^1", "outside the type")]
    [InlineData("()->*i32", "sent no valid frame")]
    [InlineData("()->**i32", "contains a stream")]
    [InlineData("()->[*i32]", "contains a stream")]
    public async Task An_invalid_shape_is_reported(string shape, string part)
    {
        await using Responder server = Serve([("Odd", "int Odd();", shape)], [0, 1, 1, 0, 0, 0, 1]);
        Outcome called = await _home.RunAsync("call", Address, "Odd");
        Assert.True(called is { ExitCode: 1, Output: "" }, called.ToString());
        Assert.Contains(part, called.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _home.RunAsync("describe", Address)).ExitCode);
    }

    [Fact]
    public async Task A_shape_that_is_too_deep_or_too_long_is_reported()
    {
        string deep = $"()->{new string('[', 1000)}i32{new string(']', 1000)}";
        await using Responder server = Serve([("Deep", "int Deep();", deep), ("Long", "int Long();", new string('(', 1_000_000))], [0]);
        Assert.Contains("deeper than 64", (await _home.RunAsync("call", Address, "Deep")).Error, StringComparison.Ordinal);
        Assert.Contains("1000000 characters", (await _home.RunAsync("call", Address, "Long")).Error, StringComparison.Ordinal);
        Outcome described = await _home.RunAsync("describe", Address);
        Assert.True(described.ExitCode == 0 && described.Output.Contains("int Deep();", StringComparison.Ordinal), described.ToString());
    }

    [Theory]
    [InlineData("()->i32", new byte[] { 0, 1 })]
    [InlineData("()->i32", new byte[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData("()->[text]", new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF, 3 })]
    [InlineData("()->i32", new byte[] { 9 })]
    [InlineData("()->i32", new byte[0])]
    [InlineData("()", new byte[] { 0, 1 })]
    public async Task A_reply_that_does_not_fit_the_shape_is_reported(string shape, byte[] reply)
    {
        await using Responder server = Serve([("Odd", "int Odd();", shape)], reply);
        Outcome called = await _home.RunAsync("call", Address, "Odd");
        Assert.True(called is { ExitCode: 1, Output: "" }, called.ToString());
        Assert.Contains("sent no valid frame", called.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string> NoJson => ["nonsense", "\"\\ud800\"", new string('[', 65) + new string(']', 65)];

    /// <summary>It is not an error of usage.</summary>
    [Theory]
    [MemberData(nameof(NoJson))]
    public async Task A_serialized_value_that_is_not_JSON_is_reported(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        await using Responder server = Serve([("Odd", "int Odd();", "()->~json")], [0, .. Count(bytes.Length), .. bytes]);
        Outcome called = await _home.RunAsync("call", Address, "Odd");
        Assert.True(called is { ExitCode: 1, Output: "" }, called.ToString());
        Assert.Contains("a value is not JSON", called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_characters_in_names_and_declarations_do_not_reach_the_terminal()
    {
        await using Responder server = Serve([("A\u001b[2J\nB", "int\u001b[2J A\n();", "()->i32")], [0]);
        foreach (string[] line in (string[][])[["describe", Address], ["call", Address, "None"], ["diff", Address, "none.json"]])
        {
            await File.WriteAllTextAsync(Path.Combine(_home.Work, "none.json"), "{\"name\":\"x\",\"members\":[]}");
            Outcome outcome = await _home.RunAsync(line);
            Assert.DoesNotContain('\u001b', outcome.Output + outcome.Error);
        }
    }

    [Fact]
    public async Task Arguments_are_passed_by_position_if_the_declaration_has_no_names()
    {
        await using Responder server = Serve([("Odd", "nonsense", "(i32)->text")], [0, 3, (byte)'o', (byte)'k']);
        Outcome called = await _home.RunAsync("call", Address, "Odd", "[1]");
        Assert.True(called is { ExitCode: 0, Output: "\"ok\"\n" }, called.ToString());
        Outcome named = await _home.RunAsync("call", Address, "Odd", "{\"a\":1}");
        Assert.True(named.ExitCode == 2 && named.Error.Contains("pass an array", StringComparison.Ordinal), named.ToString());
    }

    private static byte[] Count(int count)
    {
        RpcWriter writer = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            writer.WriteCount(count);
            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    // Answers a hello with a description, and each call with the same bytes.
    private Responder Serve((string Name, string Declaration, string Shape)[] members, byte[] reply)
    {
        RpcWriter writer = new([]);
        writer.WriteByte(0);
        writer.WriteString("Hostile");
        writer.WriteString("Its \u001b[2J documentation");
        writer.WriteCount(members.Length);
        foreach ((string name, string declaration, string shape) in members)
        {
            writer.WriteByte(0);
            writer.WriteString(name);
            writer.WriteString(declaration);
            writer.WriteString(shape);
            writer.WriteString("");
        }

        writer.WriteCount(1);
        writer.WriteString("public record \u001b[2J Type;");

        byte[] description = writer.Written.ToArray();
        writer.Dispose();
        Responder responder = Responder.Bind(Address);
        _ = responder.RunAsync((request, _) =>
        {
            request.Reply(request.Span[0] == 1 ? description : reply);
            return default(ValueTask<ReadOnlyMemory<byte>>);
        });
        return responder;
    }
}
