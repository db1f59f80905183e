using System.Text.Json;
using System.Xml.Linq;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>bench: the form of its table and its picture. The figures are the machine's.</summary>
[FullRun(Reason.Variants)]
public sealed class BenchTests : IDisposable
{
    private static readonly string[] Load = ["--clients", "2", "--connections", "2", "--messages", "20"];

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Bench_prints_a_row_and_draws_a_line_for_each_mode()
    {
        var outcome = await _home.RunAsync(["bench", "echo", "--chart", "echo.svg", .. Load]);
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        Assert.Equal(
            ["MODE", "iterative", "process", "multiplexed", "threads"], outcome.Lines.Select(static line => line.Split(' ')[0]));
        XElement svg = XDocument.Load(Path.Combine(_home.Work, "echo.svg")).Root!;
        Assert.Equal("svg", svg.Name.LocalName);
        Assert.Equal(8, svg.Elements().Count(static element => element.Name.LocalName == "polyline"));
        double width = (double)svg.Attribute("width")!;
        double height = (double)svg.Attribute("height")!;
        Assert.All(
            svg.Elements().Where(static element => element.Name.LocalName == "circle"),
            circle =>
            {
                Assert.InRange((double)circle.Attribute("cx")!, 0, width);
                Assert.InRange((double)circle.Attribute("cy")!, 0, height);
            });
    }

    [Fact]
    public async Task Columns_are_aligned_with_their_headings()
    {
        var outcome = await _home.RunAsync(["bench", "echo", "--mode", "iterative", "--mode", "threads", .. Load]);
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());

        // The first column is aligned to the left, all others to the right: each line has its ends at the same places.
        Assert.Equal(3, outcome.Lines.Length);
        Assert.All(outcome.Lines, line => Assert.Equal(outcome.Lines[0].Length, line.Length));
    }

    [Fact]
    public async Task Bench_prints_one_mode_over_a_Unix_socket_as_JSON()
    {
        var outcome = await _home.RunAsync(["bench", "echo", "--mode", "threads", "--at", "unix://bench", "--output", "json", .. Load]);
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        JsonElement line = JsonDocument.Parse(Assert.Single(outcome.Lines)).RootElement;
        Assert.Equal("threads", line.GetProperty("mode").GetString());
        Assert.InRange(line.GetProperty("median").GetDouble(), 0, line.GetProperty("longest").GetDouble());
        Assert.True(line.GetProperty("answersPerSecond").GetDouble() > 0);
    }

    // More than both ends keep: the answer must be read while the question is being sent.
    [Fact]
    public async Task The_client_reads_the_answer_while_it_still_sends_a_long_question()
    {
        var outcome = await _home.RunAsync([
            "bench", "echo", "--mode", "threads", "--at", "unix://bench", "--output", "json",
            "--clients", "1", "--connections", "1", "--messages", "2", "--size", "20000000",
        ]);
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        Assert.Contains("\"answersPerSecond\":", Assert.Single(outcome.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_refuses_datagram_addresses()
    {
        var outcome = await _home.RunAsync("bench", "echo", "--at", "udp://127.0.0.1:0");
        Assert.True(outcome.ExitCode == 2, outcome.ToString());
        Assert.Contains("Use tcp:// or unix://", outcome.Error, StringComparison.Ordinal);
    }
}
