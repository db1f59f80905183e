using System.CommandLine;
using System.Text.Json;
using Fairlead.Cli.Lab;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>The lab: experiments of an operating-systems course, with real processes.</summary>
internal sealed class LabCommand : ToolCommand
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly Argument<string?> _name = new("EXPERIMENT")
    {
        Description = "The experiment to run; without it, all are listed",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _all = NewOption.Switch("--all", "Run all experiments, one after the other");
    private readonly Option<string?> _chart = new("--chart")
    {
        Description = "Draw the sequence chart into this SVG file; with --all, into this folder",
        HelpName = "FILE.svg",
    };
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time for a step (default: 30 s)");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public LabCommand()
        : base("lab", "Run experiments of an operating-systems course with real processes")
    {
        _name.CompletionSources.Add([.. Catalogue.All.Select(static experiment => experiment.Name)]);
        Add(_name);
        Add(_all);
        Add(_chart);
        Add(_timeout);
        Add(_output);
        Examples =
        [
            ("fairlead lab", "List the experiments"),
            ("fairlead lab full-pipe", "Run one: each step as it happens, and what it shows"),
            ("fairlead lab zombie --chart zombie.svg", "Draw it: a lane for each process, with messages, waits, signals and ends"),
            ("fairlead lab --all", "Run the whole course"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var isJson = parsed.GetRequiredValue(_output) == "json";
        var name = parsed.GetValue(_name);
        var isAll = parsed.GetValue(_all);
        if (name is null && !isAll)
        {
            List(isJson);
            return ExitCode.Ok;
        }

        if (name is not null && isAll)
        {
            throw ToolException.Usage("give an experiment or --all, not both");
        }

        IReadOnlyList<Experiment> chosen = isAll ? Catalogue.All : [Catalogue.Find(name!)];
        var chart = parsed.GetValue(_chart);
        LabReport report = new(isJson);
        bool allHold = true;
        foreach (var experiment in chosen)
        {
            if (!isJson && experiment != chosen[0])
            {
                StandardOutput.WriteLine("");
            }

            await using Director director = new(
                experiment, parsed.GetValue(_timeout) ?? DefaultLimit, report.Narrate, isInOrder: !isJson, cancellationToken);
            report.Begin(experiment, director.Began);
            await experiment.PlayAsync(director);
            director.EndNarration();
            allHold &= report.End(director.Claims);
            if (chart is not null)
            {
                Draw(isAll ? Path.Combine(chart, $"{experiment.Name}.svg") : chart, experiment, director);
            }
        }

        return allHold ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void List(bool isJson)
    {
        Table table = new(new("EXPERIMENT"), new("QUESTION"));
        foreach (var experiment in Catalogue.All)
        {
            if (isJson)
            {
                StandardOutput.WriteLine(
                    JsonSerializer.Serialize(
                        new LabLine(experiment.Name) { Question = experiment.Question }, OutputJson.Readable.LabLine));
            }
            else
            {
                table.Add(experiment.Name, experiment.Question);
            }
        }

        if (!isJson)
        {
            table.Write();
        }
    }

    private static void Draw(string path, Experiment experiment, Director director)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            File.WriteAllText(path, SequenceChart.Draw(experiment, director.Began, director.Events));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Failure, $"the chart cannot be written: {exception.Message}");
        }
    }
}
