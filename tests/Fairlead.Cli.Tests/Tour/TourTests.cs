using System.Security.Cryptography;
using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Tests.Tour;

/// <summary>The main job, as a whole: processes that talk, and a table.</summary>
[SlowRun]
public sealed class TourTests : IDisposable
{
    private static readonly string[] ForMany = ["survey", "hub", "publish", "work"];

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [FullRun(Reason.Tour)]
    [Fact]
    public async Task Tour_runs_every_transport_with_every_pattern_and_leaves_nothing()
    {
        var tour = await _home.RunAsync("tour", "--output", "json");

        Assert.True(tour is { ExitCode: 0, Error: "" }, tour.ToString());
        var rows = tour.Lines.Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            [
                .. TransportCatalog.Schemes.SelectMany(static scheme => Scenarios.Talks.Select(scenario => (scheme, scenario.Name))),
                .. Scenarios.Locks.Select(static scenario => ("locks", scenario.Name)),
            ],
            rows.Select(static row => (row.GetProperty("transport").GetString()!, row.GetProperty("pattern").GetString()!)));

        // A pair of FIFOs joins two ends, and so do inherited pipes; logs and Unix datagrams lead one way, and others may be lost.
        Assert.Equal(
            TransportCatalog.Schemes.SelectMany(static scheme => Refused(scheme).Select(pattern => $"{scheme} {pattern}")),
            rows.Where(static row => row.TryGetProperty("refused", out _))
                .Select(static row => $"{row.GetProperty("transport")} {row.GetProperty("pattern")}"));
        Assert.All(rows.Where(static row => !row.TryGetProperty("refused", out _)), static row =>
        {
            Assert.True(row.GetProperty("intact").GetBoolean());
            if (row.GetProperty("transport").GetString() == "locks")
            {
                Assert.Equal(1000 * row.GetProperty("processes").GetInt32(), row.GetProperty("entries").GetInt32());
            }
            else
            {
                Assert.True(row.GetProperty("messages").GetInt32() >= 298);
                Assert.True(row.GetProperty("bytes").GetInt64() >= TourText.Bytes.Length);
            }

            Assert.True(row.GetProperty("medianMicroseconds").GetDouble() <= row.GetProperty("p99Microseconds").GetDouble());
        });
        AssertNothingLeft();
    }

    [Fact]
    public async Task Tour_prints_a_line_per_row_and_a_summary_on_stderr()
    {
        var tour = await _home.RunAsync("tour", "--transport", "unix");

        Assert.True(tour.ExitCode == 0, tour.ToString());
        Assert.Equal(1 + Scenarios.Talks.Count, tour.Lines.Length);
        Assert.StartsWith("TRANSPORT", tour.Lines[0], StringComparison.Ordinal);
        Assert.All(tour.Lines[1..], static line => Assert.EndsWith("yes", line, StringComparison.Ordinal));
        Assert.StartsWith($"{Scenarios.Talks.Count} rows, all intact", tour.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tour_of_locks_shows_their_entries()
    {
        var tour = await _home.RunAsync("tour", "--transport", "locks");

        Assert.True(tour.ExitCode == 0, tour.ToString());
        Assert.Equal(1 + Scenarios.Locks.Count, tour.Lines.Length);
        Assert.All(tour.Lines[1..], static line => Assert.Matches(@"^locks  .*  [1-9]000  +-  .*  yes$", line));
        AssertNothingLeft();
    }

    [FullRun(Reason.Tour)]
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public async Task Tour_carries_files_of_any_length(int length)
    {
        await File.WriteAllBytesAsync(Path.Combine(_home.Work, "bytes"), RandomNumberGenerator.GetBytes(length));

        var tour = await _home.RunAsync("tour", "--transport", "tcp", "--input", "bytes", "--output", "json");

        Assert.True(tour.ExitCode == 0, tour.ToString());
        Assert.Contains($"\"bytes\":{length},", tour.Lines[0], StringComparison.Ordinal);
    }

    [FullRun(Reason.Tour)]
    [Fact]
    public async Task Tour_carries_stdin_and_removes_its_copy()
    {
        var tour = await _home.StartShell("seq 1000 | fairlead tour --transport unixpacket --input - --output json").EndAsync();

        Assert.True(tour.ExitCode == 0, tour.ToString());
        Assert.Contains("\"messages\":1000,", tour.Lines[0], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_home.Work));
    }

    [FullRun(Reason.Tour)]
    [Fact]
    public async Task Tour_runs_as_an_assembly_under_dotnet()
    {
        var tour = await _home.StartProgram([.. ToolHome.Assembly, "tour", "--transport", "unix", "--output", "json"]).EndAsync();

        Assert.True(tour is { ExitCode: 0, Error: "" }, tour.ToString());
    }

    [FullRun(Reason.Tour)]
    [Fact]
    public async Task A_killed_process_fails_its_row_and_the_tour_continues()
    {
        await WriteLargeInputAsync();
        var tour = _home.Start("tour", "--transport", "unix", "--input", "large", "--output", "json");
        Assert.Contains("\"intact\":true", await tour.LineAsync(), StringComparison.Ordinal);
        var victim = Worker.Of(tour.Id)[0];
        victim.Kill();

        var outcome = await tour.EndAsync();

        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        Assert.Equal(Scenarios.Talks.Count, 1 + outcome.Lines.Length);
        Assert.Contains(
            outcome.Lines,
            line =>
                line.Contains($"\"intact\":false,\"problem\":\"worker process {victim.Id} was killed by SIGKILL", StringComparison.Ordinal)
        );
        var hub = Assert.Single(outcome.Lines, static line => line.Contains("\"pattern\":\"hub\",", StringComparison.Ordinal));
        Assert.Contains("\"intact\":true", hub, StringComparison.Ordinal);
    }

    [FullRun(Reason.Tour)]
    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public async Task The_processes_of_the_tour_end_with_it_and_release_their_names(string signal)
    {
        await WriteLargeInputAsync();
        var tour = _home.Start("tour", "--transport", "unix", "--input", "large", "--output", "json");
        await tour.LineAsync();
        var workers = Worker.Of(tour.Id);
        Assert.NotEmpty(workers);
        await tour.SignalAsync(signal);

        var outcome = await tour.EndAsync();
        await Worker.EndedAsync(workers);

        Assert.Equal(signal == "KILL" ? 137 : 143, outcome.ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_tour_that_is_interrupted_removes_its_log()
    {
        await WriteLargeInputAsync();
        using FileSystemWatcher watcher = new(_home.Work, "fairlead-tour-*") { NotifyFilter = NotifyFilters.DirectoryName };
        TaskCompletionSource isThere = new();
        watcher.Created += (_, _) => isThere.TrySetResult();
        watcher.EnableRaisingEvents = true;
        var tour = _home.Start("tour", "--transport", "log", "--input", "large", "--output", "json");
        await isThere.Task.WaitAsync(TimeSpan.FromMinutes(3));
        await tour.SignalAsync("TERM");

        var outcome = await tour.EndAsync();

        Assert.True(outcome is { ExitCode: 143, Error: "" }, outcome.ToString());
        Assert.Empty(Directory.GetDirectories(_home.Work));
    }

    private Task WriteLargeInputAsync() =>
        File.WriteAllBytesAsync(Path.Combine(_home.Work, "large"), RandomNumberGenerator.GetBytes(20_000_000));

    /// <summary>No socket, FIFO, region or entry is left. Later participants clear away the notes of earlier ones.</summary>
    private void AssertNothingLeft() =>
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.Combine(_home.Runtime, "fairlead"), "*", SearchOption.AllDirectories),
            static path => Path.GetFileName(Path.GetDirectoryName(path)) != "participants");

    private static IEnumerable<string> Refused(string scheme) => scheme switch
    {
        "fd" => [.. ForMany, "chat", "echo"],
        "fifo" => [.. ForMany, "chat"],
        "log" or "unixgram" => Scenarios.Talks.Skip(1).Select(static scenario => scenario.Name),
        _ => [],
    };
}
