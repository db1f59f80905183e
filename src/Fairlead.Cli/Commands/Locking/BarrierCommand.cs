using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Arrives at a barrier once, and waits for the other parties.</summary>
internal sealed class BarrierCommand : ToolCommand
{
    // Between two attempts to become a party.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Argument<string> _name = new("NAME") { Description = "Name of the barrier; created if it does not exist" };
    private readonly Option<int> _parties = NewOption.Number(
        "--parties", "Number of parties; every user of the barrier must give the same number");
    private readonly Option<bool> _reset = NewOption.Switch(
        "--reset", "Do not wait: repair a barrier that broke when a waiting process was killed");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait; then withdraw and exit with 124");

    public BarrierCommand()
        : base("barrier", "Wait until a number of processes have arrived")
    {
        _name.CompletionSources.Add(static _ => LocksCommand.Names("barrier"));
        Add(_name);
        Add(_parties);
        Add(_reset);
        Add(_timeout);
        Examples =
        [
            ("fairlead barrier ready --parties 3 && ./worker", "In three shells: the first two wait for the third, and all start together"),
            ("fairlead barrier ready --parties 3 --timeout 1m", "Wait for at most a minute (exit 124)"),
            ("fairlead barrier ready --parties 3 --reset", "Repair the barrier after a waiting process was killed (exit 6)"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_reset) && parsed.GetValue(_timeout) is not null)
        {
            throw ToolException.Usage("--reset does not wait, so --timeout has no effect: use only one of them");
        }

        using var barrier = NamedBarrier.Open(parsed.GetRequiredValue(_name), parsed.GetRequiredValue(_parties));
        if (parsed.GetValue(_reset))
        {
            barrier.Reset();
            return ExitCode.Ok;
        }

        await ArriveAsync(barrier, parsed.GetValue(_timeout), cancellationToken);
        return ExitCode.Ok;
    }

    private static async Task ArriveAsync(NamedBarrier barrier, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var left = timeout - TimeProvider.System.GetElapsedTime(begin);
            try
            {
                // At least once, whatever the time.
                barrier.SignalAndWait(left < TimeSpan.Zero ? TimeSpan.Zero : left, cancellationToken);
                return;
            }
            catch (FairleadException error) when (error.Code == ErrorCode.BarrierBroken)
            {
                throw new FairleadException(
                    error.Code,
                    error.WhatHappened,
                    $"Repair the state it left behind, then: fairlead barrier {barrier.Name} --parties {barrier.Parties} --reset.")
                {
                    Peer = error.Peer,
                };
            }
            catch (FairleadException error) when (error.Code == ErrorCode.Full)
            {
                // Some parties of the last phase have passed, and are about to leave.
                if (left <= TimeSpan.Zero)
                {
                    throw new FairleadException(
                        ErrorCode.Timeout, $"{error.WhatHappened}, and none has left within {DurationText.Describe(timeout!.Value)}");
                }

                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}
