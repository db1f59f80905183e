using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The commands against a service that offers several contracts.</summary>
[FullRun(Reason.Variants)]
public sealed class SeveralContractTests : IAsyncLifetime
{
    private static readonly string[] Names =
        [RpcContracts.Of<IWarehouse>().Description.Name, RpcContracts.Of<IClerk>().Description.Name];

    private readonly ToolHome _home = new();
    private RpcServer _server = null!;

    private string Address => $"unix://{_home.Work}/several";

    public async ValueTask InitializeAsync() => _server = await Fairlead.Rpc.Rpc.ServeAsync(
        Address,
        new RpcServices().Add<IWarehouse>(new Warehouse()).Add<IClerk>(static _ => new Clerk(), RpcLifetime.Call));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _home.Dispose();
    }

    [Theory]
    [InlineData("Twice", "[7]", "14")]
    [InlineData("Greet", "[\"Ada\"]", "\"hello, Ada\"")]
    public async Task A_call_finds_the_contract_of_its_member(string member, string json, string result)
    {
        Outcome called = await _home.RunAsync("call", Address, member, json);
        Assert.True(called is { ExitCode: 0, Error: "" }, called.ToString());
        Assert.Equal($"{result}\n", called.Output);
    }

    [Fact]
    public async Task A_member_of_two_contracts_needs_the_name_of_one()
    {
        Outcome called = await _home.RunAsync("call", Address, "Count");
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains("choose one with --contract", called.Error, StringComparison.Ordinal);
        called = await _home.RunAsync("call", Address, "Count", "--contract", "IClerk");
        Assert.True(called is { ExitCode: 0, Output: "42\n", Error: "" }, called.ToString());
        called = await _home.RunAsync("call", Address, "Count", "--contract", "IBoss");
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains($"has no contract 'IBoss'. It offers {string.Join(", ", Names)}", called.Error, StringComparison.Ordinal);
        called = await _home.RunAsync("call", Address, "Nothing");
        Assert.True(called is { ExitCode: 2, Output: "" }, called.ToString());
        Assert.Contains("has no member 'Nothing'", called.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_contracts_are_described_saved_and_compared()
    {
        Outcome described = await _home.RunAsync("describe", Address);
        Assert.True(described is { ExitCode: 0, Error: "" }, described.ToString());
        Assert.Contains("public interface IWarehouse\n", described.Output, StringComparison.Ordinal);
        Assert.Contains("\n\n// ", described.Output, StringComparison.Ordinal);
        Assert.Contains("public interface IClerk\n", described.Output, StringComparison.Ordinal);
        described = await _home.RunAsync("describe", Address, "--contract", "IClerk");
        Assert.DoesNotContain("IWarehouse", described.Output, StringComparison.Ordinal);

        Outcome saved = await _home.RunAsync("describe", Address, "--output", "json");
        string[] lines = saved.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            Names,
            lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("name").GetString()));
        string file = Path.Combine(_home.Work, "saved.json");
        await File.WriteAllTextAsync(file, saved.Output);
        Outcome compared = await _home.RunAsync("diff", file, Address);
        Assert.True(compared is { ExitCode: 2, Output: "" }, compared.ToString());
        Assert.Contains("choose one with --contract", compared.Error, StringComparison.Ordinal);
        compared = await _home.RunAsync("diff", file, Address, "--contract", "IClerk");
        Assert.True(compared is { ExitCode: 0 }, compared.ToString());
        Assert.Contains("The contracts are equal.", compared.Error, StringComparison.Ordinal);
    }
}

[RpcContract]
public interface IClerk
{
    string Greet(string name);

    int Count();
}

internal sealed class Clerk : IClerk
{
    public string Greet(string name) => $"hello, {name}";

    public int Count() => 42;
}
