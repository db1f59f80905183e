using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Measures.</summary>
internal sealed class BenchCommand : Command, IHasExamples
{
    public BenchCommand()
        : base("bench", "Measure how the designs of a server differ") => Add(new BenchEchoCommand());

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead bench echo --chart echo.svg", "Iterative, processes, multiplexed, threads: a table and a picture"),
    ];
}
