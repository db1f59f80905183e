namespace Fairlead.Cli.Tour.Patterns;

/// <summary>A work queue between a sender and a worker. The time is that until the worker's receipt arrives.</summary>
internal sealed class WorkScenario : TalkScenario
{
    private const int Sending = 1;

    public override string Name => "work";

    public override string Title => "work queue";

    public override int Joiners => 2;

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var queue = WorkQueue.Bind(address, new() { HandshakeTimeout = IntroductionTime });
        await stage.ReadyAsync(queue);
        stage.Finished.WaitHandle.WaitOne();
        await queue.DrainAsync(stage.Aborted);
        if (queue.Redeliveries > 0)
        {
            throw new ToolException(ExitCode.Failure, $"{queue.Redeliveries} items were redelivered");
        }
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        if (seat == Sending)
        {
            await SendAsync(stage, address);
            return;
        }

        await using var receiver = await Receiver.ConnectAsync(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(receiver);
        stage.HasSent();
        Arrivals.Take(stage, receiver.Receive, receiver.TryReceive, message => tally.Add(message.Span));
        stage.Report(tally, Share.All);
    }

    private static async Task SendAsync(Stage stage, Address address)
    {
        await using var sender = await Sender.ConnectAsync(address, Patient);
        await stage.ReadyAsync(sender);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            var delivery = sender.Deliver(Envelope.Pack(stage.Input, i, buffer), cancellationToken: stage.Aborted);
            stage.Measure(System.Diagnostics.Stopwatch.GetElapsedTime(start));
            if (!delivery.IsDelivered)
            {
                throw new ToolException(ExitCode.Failure, $"item {i}: {delivery}");
            }
        }

        await Closing.CompleteAsync(sender);
        stage.HasSent();
    }
}
