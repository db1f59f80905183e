using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Standard signals do not queue while they are blocked or the process is stopped.</summary>
internal sealed class PendingSignals : Experiment
{
    public override string Name => "pending-signals";

    public override string Question => "Three signals while the process is stopped: how many arrive?";

    public override string Watch => "The three SIGUSR1 become one. Three real-time signals stay three, with their numbers, in order.";

    public override IReadOnlyList<Role> Roles =>
        [Role.Async("target", TakeAsync) with { BlockedSignals = [Signal.User1, Signal.User2, Signal.RealTime(1)] }];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess target = director.Start("target");
        await target.ReachesAsync("ready");
        await target.StopAsync();
        for (int i = 1; i <= 3; i++)
        {
            target.Signal(Signal.User1);
        }

        for (int i = 1; i <= 3; i++)
        {
            director.Report(LabEventKind.Signals, $"{Signal.RealTime(1).Name} with {i}", "target");
            Signals.Send(target.Id, Signal.RealTime(1), i);
        }

        // The end mark.
        target.Signal(Signal.User2);
        target.Continue();
        await target.ReachesAsync("taken");
        await target.FinishesAsync();
        long once = target.Number("user1");
        string values = target.Fact("realtime");
        director.Claim("A pending standard signal is not counted.", once == 1, $"3 sent, {once} arrived");
        director.Claim("Real-time signals queue, in order.", values == "1 2 3", $"1 2 3 sent, {values} arrived");
    }

    private static async Task TakeAsync(Actor actor)
    {
        using CancellationTokenSource end = new();
        IAsyncEnumerator<SignalInfo> signals =
            Signals.ListenAsync([Signal.User1, Signal.RealTime(1), Signal.User2], end.Token).GetAsyncEnumerator(end.Token);
        int user1 = 0;
        List<string> values = [];
        bool hasEnd = false;
        ValueTask<bool> next = signals.MoveNextAsync();
        actor.Says("listens for the signals");
        actor.Reaches("ready");
        while ((!hasEnd || values.Count < 3) && await next)
        {
            SignalInfo signal = signals.Current;
            actor.Says($"takes {signal.Signal.Name}{(signal.Value is { } value ? $" with {value}" : "")}");
            if (signal.Signal == Signal.User1)
            {
                user1 += Math.Max(1, signal.Count);
            }
            else if (signal.Signal == Signal.User2)
            {
                hasEnd = true;
            }
            else
            {
                values.Add($"{signal.Value}");
            }

            next = signals.MoveNextAsync();
        }

        actor.Fact("user1", user1);
        actor.Fact("realtime", string.Join(' ', values));
        actor.Reaches("taken");
        await end.CancelAsync();
    }
}
