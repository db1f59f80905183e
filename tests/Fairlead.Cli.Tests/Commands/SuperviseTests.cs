using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class SuperviseTests : IDisposable
{
    private readonly ToolHome _home = new();

    private string File => Path.Combine(_home.Work, "children.json");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Supervise_ends_after_its_children_and_names_the_child_that_was_given_up()
    {
        Write(
            """
            {
              // Comments and trailing commas are allowed.
              "strategy": "one-for-one",
              "children": [
                { "name": "job", "command": ["sh", "-c", "echo \"$A $(ulimit -n)\""], "restart": "on-failure",
                  "environment": { "A": "1 2" }, "directory": "/usr", "openFiles": 60, "output": "OUT" },
                { "name": "crash", "command": ["sh", "-c", "exit 3"], "restartLimit": 1, "shortestPause": "1ms", },
              ],
            }
            """);
        var outcome = await _home.RunAsync("supervise", File, "--output", "json");

        Assert.True(outcome is { ExitCode: 1, Error: "" }, outcome.ToString());
        Assert.Equal(["started", "exited 0", "stopped"], Changes(outcome.Lines, "job"));
        Assert.Equal(
            ["started", "exited 3", "restarting", "started", "exited 3", "givenUp"], Changes(outcome.Lines, "crash"));
        Assert.Contains("it failed 2 times within 60 s; the last time it exited with 3", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("1 2 60\n", await System.IO.File.ReadAllTextAsync(Path.Combine(_home.Work, "out")));

        Write("""{ "children": [{ "name": "job", "command": ["true"], "restart": "never" }] }""");
        var text = await _home.RunAsync("supervise", File);
        Assert.True(text is { ExitCode: 0, Output: "" }, text.ToString());
        Assert.Contains("job: started as pid ", text.Error, StringComparison.Ordinal);
        Assert.EndsWith("job: stopped\n", text.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task An_interruption_ends_all_children_in_reverse_order(string signal)
    {
        Write("""{ "children": [{ "name": "a", "command": ["sleep", "1000"] }, { "name": "b", "command": ["sleep", "1000"] }] }""");
        var supervising = _home.Start("supervise", File);
        await supervising.ErrorLineAsync("b: started");
        await supervising.SignalAsync(signal);

        var outcome = await supervising.EndAsync();

        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        int last = outcome.Error.IndexOf("b: stopped", StringComparison.Ordinal);
        Assert.True(last >= 0 && outcome.Error.IndexOf("a: stopped", StringComparison.Ordinal) > last, outcome.Error);
    }

    [Fact]
    public async Task No_child_outlives_a_supervisor_that_is_killed()
    {
        Write("""{ "children": [{ "name": "a", "command": ["sleep", "1000"] }, { "name": "b", "command": ["sleep", "1000"] }] }""");
        var supervising = _home.Start("supervise", File);
        await supervising.ErrorLineAsync("b: started");
        await supervising.SignalAsync("KILL");

        // The children have its output open, which ends with the last of them.
        var outcome = await supervising.EndAsync();

        Assert.Equal(137, outcome.ExitCode);
    }

    [Fact]
    public async Task SIGHUP_reloads_the_file_and_an_invalid_file_changes_nothing()
    {
        const string Kept = """{ "name": "kept", "command": ["sleep", "1000"] }""";
        Write($$"""{ "children": [{{Kept}}, { "name": "old", "command": ["sleep", "1000"] }] }""");
        var supervising = _home.Start("supervise", File, "--output", "json");
        List<string> lines = [];
        await ReadUntilAsync("old started");

        Write("""{ "children": [{ "name": "kept", "comand": ["sleep", "1000"] }] }""");
        await supervising.SignalAsync("HUP");
        var error = await supervising.ErrorLineAsync("fairlead: the children continue as before: ");
        Assert.Contains("comand", error, StringComparison.Ordinal);

        Write($$"""{ "children": [{ "name": "new", "command": ["sleep", "1000"] }, {{Kept}}] }""");
        await supervising.SignalAsync("HUP");
        await ReadUntilAsync("new started");
        await supervising.SignalAsync("TERM");
        var outcome = await supervising.EndAsync();

        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        lines.AddRange(outcome.Lines);
        Assert.Equal(["started", "exited SIGTERM", "stopped"], Changes(lines, "old"));
        Assert.Equal(["started", "exited SIGTERM", "stopped"], Changes(lines, "kept"));

        async Task ReadUntilAsync(string change)
        {
            do
            {
                lines.Add((await supervising.LineAsync())!);
            }
            while (Text(lines[^1]) != change);
        }
    }

    [Fact]
    public async Task A_file_is_checked_without_starting_anything()
    {
        Write("""{ "children": [{ "name": "a", "command": ["touch", "started"] }] }""");
        var right = await _home.RunAsync("supervise", File, "--check");
        Assert.True(right is { ExitCode: 0, Output: "children: 1\n", Error: "" }, right.ToString());

        foreach ((string text, string error) in new[]
        {
            ("{", "children.json"),
            ("""{ "children": [{ "name": "a" }] }""", "command"),
            ("""{ "children": [{ "name": "a", "command": [] }] }""", "'a' needs a name and a command"),
            ("""{ "children": [{ "name": "a", "command": ["x"], "restart": "often" }] }""", "is one of always, on-failure, never"),
            ("""{ "children": [{ "name": "a", "command": ["x"], "grace": "soon" }] }""", "the grace of 'a' is not a duration"),
            ("""{ "children": [{ "name": "a", "command": ["x"] }, { "name": "a", "command": ["y"] }] }""", "two children are called 'a'"),
            ("""{ "strategy": "all", "children": [] }""", "the strategy of the file is one of one-for-one"),
        })
        {
            Write(text);
            var wrong = await _home.RunAsync("supervise", File, "--check");
            Assert.True(wrong is { ExitCode: 2, Output: "" }, wrong.ToString());
            Assert.Contains("is not a list of children to supervise: ", wrong.Error, StringComparison.Ordinal);
            Assert.Contains(error, wrong.Error, StringComparison.Ordinal);
        }

        var missing = await _home.RunAsync("supervise", Path.Combine(_home.Work, "missing.json"));
        Assert.True(missing is { ExitCode: 3, Output: "" }, missing.ToString());
        Assert.False(System.IO.File.Exists(Path.Combine(_home.Work, "started")));
    }

    private static string[] Changes(IEnumerable<string> lines, string child) =>
    [
        .. lines.Select(Text)
            .Where(text => text.StartsWith($"{child} ", StringComparison.Ordinal) && !text.EndsWith(" ready", StringComparison.Ordinal))
            .Select(text => text[(child.Length + 1)..]),
    ];

    /// <summary>Returns the child, its change, and how it ended: <c>job exited 0</c>.</summary>
    private static string Text(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var how = root.TryGetProperty("exit", out var exit) || root.TryGetProperty("signal", out exit) ? $" {exit}" : "";
        return $"{root.GetProperty("child")} {root.GetProperty("change")}{how}";
    }

    private void Write(string text) =>
        System.IO.File.WriteAllText(File, text.Replace("OUT", Path.Combine(_home.Work, "out"), StringComparison.Ordinal));
}
