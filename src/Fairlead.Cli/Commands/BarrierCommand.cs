using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands;

/// <summary>Arrives at a barrier, once, and waits for the others.</summary>
internal sealed class BarrierCommand : ToolCommand
{
    // Between two looks for a place.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Argument<string> _name = new("NAME") { Description = "The barrier; it is made where there is none" };
    private readonly Option<int> _parties = NewOption.Number(
        "--parties", "How many wait for each other; who makes the barrier settles that, and the others must say the same");
    private readonly Option<bool> _reset = NewOption.Switch(
        "--reset", "Do not wait: mend one that is broken, because somebody who waited was killed");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("How long to wait; then it ends with 124, and has not arrived");

    public BarrierCommand()
        : base("barrier", "Wait until so many have come")
    {
        _name.CompletionSources.Add(static _ => LocksCommand.Names("barrier"));
        Add(_name);
        Add(_parties);
        Add(_reset);
        Add(_timeout);
        Examples =
        [
            ("fairlead barrier ready --parties 3 && ./worker", "Three shells: the first two wait for the third, and all begin together"),
            ("fairlead barrier ready --parties 3 --timeout 1m", "At most a minute (124)"),
            ("fairlead barrier ready --parties 3 --reset", "When one who waited was killed, and the others were told so (6)"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_reset) && parsed.GetValue(_timeout) is not null)
        {
            throw ToolException.Usage("--reset does not wait, and --timeout says how long to wait: give one of them");
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
                // Once at least, whatever the time.
                barrier.SignalAndWait(left < TimeSpan.Zero ? TimeSpan.Zero : left, cancellationToken);
                return;
            }
            catch (FairleadException error) when (error.Code == ErrorCode.BarrierBroken)
            {
                throw new FairleadException(
                    error.Code,
                    error.WhatHappened,
                    $"Put right what it has left undone, then: fairlead barrier {barrier.Name} --parties {barrier.Parties} --reset.")
                {
                    Peer = error.Peer,
                };
            }
            catch (FairleadException error) when (error.Code == ErrorCode.Full)
            {
                // Some of the last phase have passed, and are about to go.
                if (left <= TimeSpan.Zero)
                {
                    throw new FairleadException(
                        ErrorCode.Timeout, $"{error.WhatHappened}, and none has gone within {DurationText.Describe(timeout!.Value)}");
                }

                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}
