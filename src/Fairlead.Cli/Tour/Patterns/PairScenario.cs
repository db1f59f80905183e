namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Both ends send the whole input to each other at the same time. The time is that from sending to arrival.</summary>
internal sealed class PairScenario : TalkScenario
{
    public override string Name => "pair";

    public override string Title => "pair, both ways";

    public override bool BinderSends => true;

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var pair = Pair.Bind(address, Patient);
        await TalkAsync(stage, pair);
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var pair = await Pair.ConnectAsync(address, Patient);
        await TalkAsync(stage, pair);
    }

    private static async Task TalkAsync(Stage stage, Pair pair)
    {
        using var tally = stage.NewTally();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await stage.ReadyAsync(pair);
        var listening = Task.Factory.StartNew(
            () => Arrivals.Take(stage, pair.Receive, pair.TryReceive, Count), TaskCreationOptions.LongRunning);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            pair.Send(Envelope.Pack(stage.Input, i, buffer), cancellationToken: stage.Aborted);
        }

        if (stage.Messages > 0)
        {
            // Closing cuts off the other direction, so both ends receive everything before either closes.
            await (await Task.WhenAny(all.Task, listening));
        }

        stage.HasSent();
        await listening;
        await Closing.CompleteAsync(pair);
        stage.Report(tally, Share.All);

        void Count(Message message)
        {
            Arrivals.Count(stage, tally, message);
            if (tally.Messages == stage.Messages)
            {
                all.TrySetResult();
            }
        }
    }
}
