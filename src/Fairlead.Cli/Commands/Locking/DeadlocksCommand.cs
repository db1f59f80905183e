using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Shows processes that wait for each other in a cycle.</summary>
internal sealed class DeadlocksCommand : ToolCommand
{
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public DeadlocksCommand()
        : base("deadlocks", "Show processes that wait for each other's locks in a cycle; exit 1 if there are any")
    {
        Add(_output);
        Examples =
        [
            ("fairlead deadlocks", "Show each waiting process, its lock, the owner, and since when"),
            ("fairlead deadlocks > /dev/null || echo stuck", "Check from a watchdog"),
            ("fairlead deadlocks --output json | jq '.waits[0].waiter.pid'", "Print one process of each cycle, to end it"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var deadlocks = Deadlock.Find();
        var isJson = parsed.GetRequiredValue(_output) == "json";
        var number = 0;
        foreach (var line in deadlocks.Select(Line))
        {
            if (isJson)
            {
                StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.DeadlockLine));
                continue;
            }

            StandardOutput.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"deadlock {++number}: {line.Waits.Length} processes wait for each other"));
            foreach (var wait in line.Waits)
            {
                StandardOutput.WriteLine($"  {Text(wait)}");
            }
        }

        return Task.FromResult(deadlocks.Count > 0 ? ExitCode.Failure : ExitCode.Ok);
    }

    private static DeadlockLine Line(Deadlock deadlock)
    {
        var waits = deadlock.Waits;
        return new DeadlockLine([
            .. waits.Select(
                (wait, i) =>
                {
                    // The previous process waits for a lock of this one, or of the command that this one runs in.
                    var kept = waits[(i + waits.Count - 1) % waits.Count].Holder;
                    return new WaitLine(
                        PartyLine.Of(wait.Waiter), wait.IsOf(kept) ? null : kept.Peer.ProcessId, wait.Lock, PartyLine.Of(wait.Holder));
                }),
        ]);
    }

    private static string Text(WaitLine wait)
    {
        var within = wait.Within is { } pid ? string.Create(CultureInfo.InvariantCulture, $", inside the command of pid {pid},") : "";
        return $"{Text(wait.Waiter)}{within} has waited for '{wait.Lock}' since {TimeText.Since(wait.Waiter.Since)}, "
            + $"held by {Text(wait.Holder)} since {TimeText.Since(wait.Holder.Since)}";
    }

    private static string Text(PartyLine party) => new Peer { ProcessId = party.Pid, Program = party.Program }.ToString();
}
