using System.CommandLine;
using Fairlead.Cli.Output;
using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Commands;

/// <summary>The main job: processes that talk over every transport in every pattern, and a table of what arrived.</summary>
internal sealed class TourCommand : ToolCommand
{
    public TourCommand()
        : base("tour", "See processes talk, over every transport and in every pattern, and check every byte")
    {
        Examples = [("fairlead tour", "Send the tool's own text round this machine")];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        using var text = new MemoryStream(TourText.Bytes);
        await using var tour = new TourRun(TourCut.Of(text, null), TimeSpan.FromSeconds(60));
        var intact = true;
        await foreach (var row in tour.RowsAsync(static _ => { }, token))
        {
            intact &= row.Problem is null;
            StandardOutput.WriteLine($"{row.Transport,-12} {row.Scenario.Title,-32} {row.Messages,8} {row.Bytes,12} {row.Median,10:0.0} {row.P99,10:0.0}  {row.Problem ?? row.Refusal ?? "intact"}");
        }

        return intact ? ExitCode.Ok : ExitCode.Failure;
    }
}
