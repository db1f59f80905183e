using System.CommandLine;
using Fairlead.Bench.Reporting;
using Fairlead.Bench.Running;
using Fairlead.RabbitMQ;

namespace Fairlead.Bench;

/// <summary>Measures between two processes, baseline and contenders in turn. See bench/README.md for what the figures mean.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        RabbitMqTransport.Register();

        // Ends in order, which removes the run's directory.
        Console.CancelKeyPress += (_, _) => Environment.Exit(130);

        var only = new Option<string?>("--only")
        {
            Description = "Run the scenario of this name, or else those whose name contains it.",
            HelpName = "TEXT",
        };
        var rounds = new Option<int?>("--rounds") { Description = "Rounds of each contender (10; quick: 3).", HelpName = "N" };
        var length = new Option<double?>("--seconds") { Description = "Length of a round (0.5; quick: 0.2).", HelpName = "S" };
        var quick = new Option<bool>("--quick") { Description = "Few and short rounds: shows that it runs, not how fast." };
        var control = new Option<bool>("--control")
        {
            Description = "Also measure the baseline against itself: the variation of a ratio when nothing differs.",
        };
        var beside = new Option<FileInfo>("--beside")
        {
            Description = "Measure each contender beside that of another version, given as its built Fairlead.Bench.dll.",
            HelpName = "PATH",
        };
        beside.AcceptExistingOnly();
        var output = new Option<string>("--output")
        {
            Description = "table, or json: one object a line.",
            DefaultValueFactory = _ => "table",
        };
        output.AcceptOnlyFromAmong("table", "json");

        var root = new RootCommand("Two-process measurements: plain sockets, and Fairlead beside them.")
        {
            only,
            rounds,
            length,
            quick,
            control,
            beside,
            output,
        };
        root.SetAction(parsed =>
        {
            bool isQuick = parsed.GetValue(quick);
            var plan = new Plan(
                Rounds: parsed.GetValue(rounds) ?? (isQuick ? 3 : 10),
                RoundLength: TimeSpan.FromSeconds(parsed.GetValue(length) ?? (isQuick ? 0.2 : 0.5)),
                WithControl: parsed.GetValue(control));
            string text = parsed.GetValue(only) ?? "";
            var scenarios = Rows.All.Where(s => s.Name.Equals(text, StringComparison.OrdinalIgnoreCase)).ToList();
            if (scenarios.Count == 0)
            {
                scenarios = [.. Rows.All.Where(s => s.Name.Contains(text, StringComparison.OrdinalIgnoreCase))];
            }

            if (scenarios.Count == 0)
            {
                Console.Error.WriteLine($"there is no such scenario; the scenarios are: {string.Join(", ", Rows.All.Select(s => s.Name))}");
                return 2;
            }

            IReport report = parsed.GetValue(output) == "json" ? new JsonLines(Console.Out) : new Table(Console.Out);
            var file = parsed.GetValue(beside);
            var other = file is null ? null : new BenchProgram(file.FullName);
            if (other is not null)
            {
                IReadOnlyList<string> known = other.Scenarios();
                scenarios.RemoveAll(scenario => !known.Contains(scenario.Name));
                if (scenarios.Count == 0)
                {
                    Console.Error.WriteLine(
                        $"{file} has none of these scenarios; --beside takes the built Fairlead.Bench.dll of another version");
                    return 2;
                }
            }

            report.Begin(Machine.Read(), plan);
            foreach (var scenario in scenarios)
            {
                report.Add(scenario, other is null ? Run.Of(scenario, plan) : Comparison.Of(scenario, other, plan));
            }

            return 0;
        });
        root.Subcommands.Add(Worker.Command());
        return root.Parse(arguments).Invoke();
    }
}
