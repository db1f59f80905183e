using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Services;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Ports, interfaces, and names.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Free_ports_can_be_bound()
    {
        var found = await _home.RunAsync("port", "--count", "2");
        Assert.True(found is { ExitCode: 0, Error: "" }, found.ToString());
        Assert.Equal(2, found.Lines.Distinct().Count());
        foreach (string port in found.Lines)
        {
            using var receiver = Receiver.Bind($"tcp://127.0.0.1:{port}");
        }

        var json = JsonDocument.Parse(
            Assert.Single((await _home.RunAsync("port", "--udp", "--range", "20000-29999", "--output", "json")).Lines)).RootElement;
        Assert.InRange(json.GetProperty("port").GetInt32(), 20_000, 29_999);
        Assert.Equal("udp", json.GetProperty("protocol").GetString());
    }

    [Fact]
    public async Task A_held_port_is_free_again_after_the_tool_is_terminated()
    {
        var holder = _home.Start("port", "--hold");
        string port = (await holder.LineAsync())!;
        Assert.Throws<FairleadException>(() => Receiver.Bind($"tcp://127.0.0.1:{port}"));
        var refused = await _home.RunAsync("port", "--range", $"{port}-{port}");
        Assert.True(refused.ExitCode == 1, refused.ToString());
        Assert.Contains("0 of 1 ports are free", refused.Error, StringComparison.Ordinal);

        await holder.SignalAsync("TERM");
        Assert.Equal(143, (await holder.ExitAsync()).ExitCode);
        using var receiver = Receiver.Bind($"tcp://127.0.0.1:{port}");
    }

    [Theory]
    [InlineData("5")]
    [InlineData("9-5")]
    [InlineData("0-5")]
    [InlineData("5-99999")]
    public async Task An_invalid_range_is_a_usage_error(string range) =>
        Assert.Equal(2, (await _home.RunAsync("port", "--range", range)).ExitCode);

    [Fact]
    public async Task Interfaces_shows_the_loopback()
    {
        var listed = await _home.RunAsync("interfaces");
        Assert.True(listed is { ExitCode: 0, Error: "" }, listed.ToString());
        Assert.StartsWith("INTERFACE", listed.Lines[0], StringComparison.Ordinal);

        var json = JsonDocument.Parse(Assert.Single((await _home.RunAsync("interfaces", "lo", "--output", "json")).Lines)).RootElement;
        Assert.Equal("lo", json.GetProperty("name").GetString());
        Assert.Contains("127.0.0.1/8", json.GetProperty("ipv4").EnumerateArray().Select(static one => one.GetString()));
        Assert.Contains("loopback", json.GetProperty("flags").EnumerateArray().Select(static one => one.GetString()));
        int mtu = int.Parse(await File.ReadAllTextAsync("/sys/class/net/lo/mtu"), CultureInfo.InvariantCulture);
        Assert.Equal(mtu, json.GetProperty("mtu").GetInt32());
        Assert.Equal(3, (await _home.RunAsync("interfaces", "no-such")).ExitCode);
    }

    [Fact]
    public async Task Resolve_finds_a_host()
    {
        var found = await _home.RunAsync("resolve", "localhost");
        Assert.True(found is { ExitCode: 0, Error: "" }, found.ToString());
        Assert.Contains("address       127.0.0.1", found.Lines);

        var json = JsonDocument.Parse(Assert.Single((await _home.RunAsync("resolve", "127.0.0.1", "--output", "json")).Lines)).RootElement;
        Assert.Equal("localhost", json.GetProperty("canonical").GetString());

        var unknown = await _home.RunAsync("resolve", "no-such-host.invalid");
        Assert.True(unknown.ExitCode == 3, unknown.ToString());
        Assert.Contains("no-such-host.invalid cannot be resolved", unknown.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("domain", "domain/53/tcp domain/53/udp")]
    [InlineData("53/udp", "domain/53/udp")]
    [InlineData("null", "discard/9/tcp")]
    [InlineData("9", "discard/9/tcp")]
    [InlineData("ssh", "")]
    public void A_service_is_found_by_name_alias_and_port(string service, string expected)
    {
        string[] lines =
        [
            "# comment", "", "discard\t9/tcp\tsink null", "domain 53/tcp # Domain Name Server", "domain 53/udp", "broken x/y/z",
        ];
        Assert.Equal(
            expected,
            string.Join(' ', ServiceNames.Find(lines, service).Select(static line => $"{line.Name}/{line.Port}/{line.Protocol}")));
    }
}
