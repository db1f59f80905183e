using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;
using Fairlead.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>Runs the programs that a file names, and restarts those that end.</summary>
internal sealed class SuperviseCommand : ToolCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "JSON file that names the children and their commands" };
    private readonly Option<bool> _check = NewOption.Switch("--check", "Check the file, and start nothing");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public SuperviseCommand()
        : base("supervise", "Run the programs of a file, restart those that end, and give up those that fail too often")
    {
        Add(_file);
        Add(_check);
        Add(_output);
        Examples =
        [
            ("fairlead supervise children.json", "Run until all have ended or Ctrl-C; print each change to stderr"),
            ("fairlead supervise children.json --check", "Check the file only"),
            ("fairlead supervise children.json --output json", "Print each change as a JSON object to stdout"),
            ("fairlead signal PID HUP", "Have it read the file again: start new children, end removed ones, restart changed ones"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        SupervisionFile file = new(parsed.GetRequiredValue(_file));
        var children = file.Read();
        if (parsed.GetValue(_check))
        {
            StandardOutput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"children: {children.Count}"));
            return ExitCode.Ok;
        }

        Action<SupervisedChange> say = parsed.GetRequiredValue(_output) == "json" ? SayJson : SayText;

        // Before the first child is reported: whoever has read that may send the signal.
        TaskCompletionSource<ChildSupervisor> started = new();
        Interruption.IsForAnother = signal => signal == PosixSignal.SIGHUP && ReadAgain(started.Task, file);
        await using var supervisor = ChildSupervisor.Start(
            children, new ChildSupervisorOptions { Strategy = file.Strategy ?? default, Changed = say });
        started.SetResult(supervisor);
        try
        {
            await supervisor.AllEndedAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Interrupted: the children end in order.
        }

        await supervisor.DisposeAsync();
        return supervisor.Children.Any(static child => child.Status == SupervisedStatus.GivenUp) ? ExitCode.Failure : ExitCode.Ok;
    }

    /// <summary>Reads the file and replaces the children. A wrong file changes nothing. True: the signal is handled.</summary>
    private static bool ReadAgain(Task<ChildSupervisor> started, SupervisionFile file)
    {
        _ = Task.Run(async () =>
        {
            try
            {
                await (await started).ApplyAsync(file.Read());
            }
            catch (ObjectDisposedException)
            {
                // The command ends.
            }
            catch (Exception wrong)
            {
                ErrorLine.Write($"the children continue as before: {wrong.Message}");
            }
        });
        return true;
    }

    private static void SayText(SupervisedChange change) => ErrorLine.WriteBare(change.ToString());

    private static void SayJson(SupervisedChange change) =>
        StandardOutput.WriteLine(JsonSerializer.Serialize(SupervisedLine.Of(change), OutputJson.Readable.SupervisedLine));
}
