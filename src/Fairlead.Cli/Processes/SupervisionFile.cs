using System.Text.Json;
using Fairlead.Cli.Input;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>The file that names the children of <c>fairlead supervise</c>. It can be read again.</summary>
internal sealed class SupervisionFile(string path)
{
    private const long MostBytes = 1 << 20;

    private static readonly Dictionary<string, RestartStrategy> Strategies = new(StringComparer.Ordinal)
    {
        ["one-for-one"] = RestartStrategy.OneForOne,
        ["one-for-all"] = RestartStrategy.OneForAll,
        ["rest-for-one"] = RestartStrategy.RestForOne,
    };

    private static readonly Dictionary<string, RestartPolicy> Policies = new(StringComparer.Ordinal)
    {
        ["always"] = RestartPolicy.Always,
        ["on-failure"] = RestartPolicy.OnFailure,
        ["never"] = RestartPolicy.Never,
    };

    // By the text of their entries: a child whose entry has not changed keeps its description, and so its process.
    private Dictionary<string, SupervisedChild> _known = new(StringComparer.Ordinal);

    /// <summary>The strategy, as the file said it the first time.</summary>
    public RestartStrategy? Strategy { get; private set; }

    /// <summary>Reads the file.</summary>
    /// <returns>The children. An entry as in the last reading gives the same object.</returns>
    /// <exception cref="ToolException">The file does not exist, or is no list of children.</exception>
    public IReadOnlyList<SupervisedChild> Read()
    {
        var entries = Parse();
        var strategy = Choice(Strategies, entries.Strategy, "strategy", "the file");
        if (Strategy is not null && Strategy != strategy)
        {
            throw Wrong("the strategy cannot change while the children run: start fairlead supervise again");
        }

        if (entries.Children.Select(static entry => entry.Name).Order(StringComparer.Ordinal).ToArray() is var names
            && names.Zip(names.Skip(1)).FirstOrDefault(static pair => pair.First == pair.Second) is { First: { } twice })
        {
            throw Wrong($"two children are called '{twice}': give each another name");
        }

        Dictionary<string, SupervisedChild> known = new(StringComparer.Ordinal);
        List<SupervisedChild> children = [];
        foreach (var entry in entries.Children)
        {
            var text = JsonSerializer.Serialize(entry, SupervisionJson.Default.SupervisionEntry);
            var child = _known.GetValueOrDefault(text) ?? ToChild(entry);
            known.Add(text, child);
            children.Add(child);
        }

        (Strategy, _known) = (strategy, known);
        return children;
    }

    private SupervisionEntries Parse()
    {
        try
        {
            using var file = File.OpenRead(path);
            return file.Length > MostBytes
                ? throw Wrong("it is longer than 1 MiB")
                : JsonSerializer.Deserialize(file, SupervisionJson.Default.SupervisionEntries) ?? throw Wrong("it is null");
        }
        catch (JsonException wrong)
        {
            throw Wrong(wrong.Message);
        }
    }

    private SupervisedChild ToChild(SupervisionEntry entry)
    {
        if (entry is not { Name.Length: > 0, Command: [{ Length: > 0 }, ..] })
        {
            throw Wrong($"'{entry.Name}' needs a name and a command: the program and its arguments, each a text");
        }

        try
        {
            var output = entry.Output is { } file ? Redirection.Append(file) : Redirection.Inherit;
            SupervisedChild plain = new(entry.Name, entry.Command[0], entry.Command[1..]);
            return plain with
            {
                Restart = Choice(Policies, entry.Restart, "restart", $"'{entry.Name}'"),
                RestartLimit = entry.RestartLimit ?? plain.RestartLimit,
                RestartPeriod = Duration(entry, "restartPeriod", entry.RestartPeriod) ?? plain.RestartPeriod,
                ShortestPause = Duration(entry, "shortestPause", entry.ShortestPause) ?? plain.ShortestPause,
                LongestPause = Duration(entry, "longestPause", entry.LongestPause) ?? plain.LongestPause,
                ReadyAfter = Duration(entry, "readyAfter", entry.ReadyAfter) ?? plain.ReadyAfter,
                Grace = Duration(entry, "grace", entry.Grace) ?? plain.Grace,
                Process = new()
                {
                    WorkingDirectory = entry.Directory,
                    Environment = entry.Environment ?? [],
                    ClearEnvironment = entry.ClearEnvironment,

                    // The tool's terminal stops a child of another group that reads from it.
                    StandardInput = Redirection.Null,
                    StandardOutput = output,
                    StandardError = entry.Output is null ? Redirection.Inherit : Redirection.ToOutput,
                    Limits = new()
                    {
                        Memory = entry.Memory,
                        ProcessorTime = Duration(entry, "processorTime", entry.ProcessorTime),
                        OpenFiles = entry.OpenFiles,
                    },
                },
            };
        }
        catch (ArgumentException wrong)
        {
            throw Wrong($"'{entry.Name}': {wrong.Message}");
        }
    }

    private TChoice Choice<TChoice>(Dictionary<string, TChoice> choices, string? given, string what, string of)
        where TChoice : struct =>
        given is null ? default
        : choices.TryGetValue(given, out var choice) ? choice
        : throw Wrong($"the {what} of {of} is one of {string.Join(", ", choices.Keys)}, not '{given}'");

    private TimeSpan? Duration(SupervisionEntry entry, string what, string? given) =>
        given is null ? null
        : DurationText.TryParse(given, out var duration) ? duration
        : throw Wrong($"the {what} of '{entry.Name}' is not a duration: {DurationText.Allowed}");

    private ToolException Wrong(string why) => ToolException.Usage($"{path} is not a list of children to supervise: {why}");
}
