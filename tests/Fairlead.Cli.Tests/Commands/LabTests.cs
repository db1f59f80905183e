using System.Text.Json;
using System.Xml.Linq;
using Fairlead.Cli.Lab;
using Fairlead.Cli.Tests.Running;
using Fairlead.Processes;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Every experiment of the lab with real processes. The processes and the kernel report the facts behind its claims.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class LabTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly ToolHome _home = new();

    private static string Root
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Fairlead.slnx")))
            {
                folder = Path.GetDirectoryName(folder)!;
            }

            return folder;
        }
    }

    public static TheoryData<string> Names => [.. Catalogue.All.Select(static experiment => experiment.Name)];

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_claims_of_an_experiment_hold_and_its_chart_draws_every_event(string name)
    {
        string chart = Path.Combine(_home.Work, "chart.svg");
        Outcome outcome = await _home.RunAsync("lab", name, "--output", "json", "--chart", chart, "--timeout", "2m");
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        JsonElement[] lines = [.. outcome.Lines.Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines, line => Assert.Equal(name, line.GetProperty("experiment").GetString()));
        JsonElement[] claims = [.. lines.Where(static line => line.TryGetProperty("claim", out _))];
        Assert.NotEmpty(claims);
        Assert.All(claims, static claim => Assert.True(claim.GetProperty("holds").GetBoolean(), claim.ToString()));
        Assert.All(claims, static claim => Assert.NotEqual("", claim.GetProperty("measured").GetString()));

        JsonElement[] events = [.. lines.Where(static line => line.TryGetProperty("event", out _))];
        string[] lanes = [.. events.Select(static happened => happened.GetProperty("process").GetString()!).Distinct()];
        XDocument drawing = XDocument.Load(chart);
        XElement[] texts = [.. drawing.Descendants(Svg + "text")];
        string[] heads = [.. texts.Where(static text => (string?)text.Attribute("class") == "lane").Select(static text => text.Value)];
        Assert.Equal(lanes.Length, heads.Length);
        Assert.All(
            lanes,
            lane => Assert.Contains(heads, head => head == lane || head.StartsWith($"{lane} (pid ", StringComparison.Ordinal)));

        // The margin has the time of each event.
        Assert.Equal(events.Length, texts.Count(static text => text.Value.EndsWith(" ms", StringComparison.Ordinal)));
        AssertNoFolderIsLeft();
    }

    [Fact]
    public async Task The_list_has_each_experiment_with_its_question_and_its_page()
    {
        Outcome listed = await _home.RunAsync("lab");
        Assert.Equal(0, listed.ExitCode);
        Assert.Equal(Catalogue.All.Count + 1, listed.Lines.Length);
        Assert.All(
            Catalogue.All,
            experiment => Assert.Contains(listed.Lines, line => line.StartsWith(experiment.Name, StringComparison.Ordinal)));
        string pages = Path.Combine(Root, "docs", "lab");
        Assert.Equal(
            Catalogue.All.Select(static experiment => experiment.Name).Order(),
            Directory.GetFiles(pages, "*.md").Select(Path.GetFileNameWithoutExtension).Where(static page => page != "README").Order());
        Assert.All(Catalogue.All, experiment => Assert.True(File.Exists(Path.Combine(pages, $"{experiment.Name}.svg"))));
        string index = await File.ReadAllTextAsync(Path.Combine(pages, "README.md"));
        Assert.All(Catalogue.All, experiment => Assert.Contains($"({experiment.Name}.md)", index, StringComparison.Ordinal));
        Assert.All(
            Catalogue.All,
            experiment => Assert.Contains(
                experiment.Question, File.ReadAllText(Path.Combine(pages, $"{experiment.Name}.md")), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_experiment_is_refused_with_similar_names()
    {
        Outcome outcome = await _home.RunAsync("lab", "pipe");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("unknown experiment 'pipe'; did you mean full-pipe or broken-pipe?", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _home.RunAsync("lab", "full-pipe", "--all")).ExitCode);
    }

    [Fact]
    public async Task A_chart_that_cannot_be_written_is_reported()
    {
        await File.WriteAllTextAsync(Path.Combine(_home.Work, "file"), "");
        Outcome outcome = await _home.RunAsync("lab", "byte-order", "--chart", "file/chart.svg");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("the chart cannot be written", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task An_interrupted_experiment_leaves_no_process_and_no_file(string signal, int code)
    {
        ToolProcess lab = _home.Start("lab", "server-designs", "--output", "json");
        List<int> ids = [];
        while (ids.Count < 3)
        {
            JsonElement line = JsonDocument.Parse((await lab.LineAsync())!).RootElement;
            if (line.TryGetProperty("event", out JsonElement kind) && kind.GetString() == "starts")
            {
                ids.Add(line.GetProperty("id").GetInt32());
            }
        }

        await lab.SignalAsync(signal);
        Outcome outcome = await lab.ExitAsync();
        Assert.Equal(code, outcome.ExitCode);
        Assert.All(ids, static id => Assert.False(Signals.Exists(id)));
        AssertNoFolderIsLeft();
    }

    // The processes report many steps of these: the reader leaves while they talk, or while the lab does.
    [Theory]
    [InlineData("server-designs", 1)]
    [InlineData("server-designs", 6)]
    [InlineData("deadlock", 3)]
    public async Task An_experiment_whose_reader_leaves_ends_without_processes_or_files(string name, int lines)
    {
        ToolProcess lab = _home.Start("lab", name, "--output", "json");
        List<int> ids = [];
        for (; lines > 0; lines--)
        {
            JsonElement line = JsonDocument.Parse((await lab.LineAsync())!).RootElement;
            if (line.TryGetProperty("id", out JsonElement id) && id.GetInt32() != 0)
            {
                ids.Add(id.GetInt32());
            }
        }

        await lab.Output.DisposeAsync();
        Outcome outcome = await lab.WithoutOutputAsync();
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        Assert.All(ids, static id => Assert.False(Signals.Exists(id)));
        AssertNoFolderIsLeft();
    }

    [Fact]
    public async Task The_processes_of_a_killed_lab_end()
    {
        ToolProcess lab = _home.Start("lab", "server-designs", "--output", "json");
        ProcessHandle? actor = null;
        while (actor is null)
        {
            JsonElement line = JsonDocument.Parse((await lab.LineAsync())!).RootElement;
            actor = Open(line.GetProperty("id").GetInt32());
        }

        using (actor)
        {
            await lab.SignalAsync("KILL");
            await actor.WaitForExitAsync();
        }

        static ProcessHandle? Open(int id)
        {
            try
            {
                return id == 0 ? null : ProcessHandle.Open(id);
            }
            catch (FairleadException ended) when (ended.Code == ErrorCode.NotFound)
            {
                // Its part was over; the next one is being played.
                return null;
            }
        }
    }

    // The working directory is also that of temporary files, in which killed processes of the runtime leave some, too.
    private void AssertNoFolderIsLeft() => Assert.Empty(Directory.GetDirectories(_home.Work));
}
