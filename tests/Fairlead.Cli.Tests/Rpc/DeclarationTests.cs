using Fairlead.Cli.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

public sealed class DeclarationTests
{
    [Theory]
    [InlineData("int Add(int a, int b);", "Add", "int a|int b")]
    [InlineData("void Ping();", "Ping", "")]
    [InlineData("ValueTask PingAsync(CancellationToken cancellationToken = default);", "PingAsync", "")]
    [InlineData(
        "Task<Dictionary<string, int>> Get(Dictionary<string, int> d, CancellationToken t);",
        "Get",
        "Dictionary<string, int> d")]
    [InlineData("(int A, (byte B, char C)[] D) Pair((int, int) x, int[] y);", "Pair", "(int, int) x|int[] y")]
    [InlineData("void Say(string a = \"), (\\\"\", char b = ',', int c = 3);", "Say", "string a|char b|int c")]
    public void Parse_separates_the_parameters_of_a_declaration(string text, string member, string parameters)
    {
        Declaration? declaration = Declaration.Parse(text, member);
        Assert.Equal(parameters, string.Join('|', declaration!.Parameters.Select(static one => $"{one.Type} {one.Name}")));
    }

    [Theory]
    [InlineData("int Add(int a);", "Add", "int")]
    [InlineData("[OneWay] void Note(string line);", "Note", "void")]
    [InlineData("    (int A, (byte B, char C)[] D) Pair((int, int) x);", "Pair", "(int A, (byte B, char C)[] D)")]
    [InlineData("ValueTask<Dictionary<string, int>> GetAsync();", "GetAsync", "ValueTask<Dictionary<string, int>>")]
    public void Parse_finds_name_and_result(string text, string name, string result)
    {
        Declaration? declaration = Declaration.Parse(text);
        Assert.Equal((name, result), (declaration!.Name, declaration.Result));
    }

    [Fact]
    public void Parse_keeps_default_values()
    {
        Declaration? declaration = Declaration.Parse("void Say(string a = \"=\", int b = -3, int c);", "Say");
        Assert.Equal(["\"=\"", "-3", null], declaration!.Parameters.Select(static one => one.Default));
    }

    [Theory]
    [InlineData("int Subtract(int a);", "Add")]
    [InlineData("Add", "Add")]
    [InlineData("", "Add")]
    [InlineData(")(", "Add")]
    [InlineData("Add(int a)", "Add")]
    [InlineData("int Add)", "Add")]
    public void Parse_returns_null_for_text_that_is_not_a_declaration(string text, string member) =>
        Assert.Null(Declaration.Parse(text, member));
}
