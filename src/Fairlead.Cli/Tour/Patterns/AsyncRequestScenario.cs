using System.Diagnostics;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Type 3: many requests are in flight, and their replies are awaited later. The time is that of the round trip.</summary>
internal sealed class AsyncRequestScenario : TalkScenario
{
    private const int InFlight = 32;

    public override string Name => "async-request";

    public override string Title => $"3 request, {InFlight} in flight";

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var responder = Responder.Bind(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(responder);
        try
        {
            // One handler at a time: the order of the requests can be checked.
            await responder.RunAsync(
                (request, _) =>
                {
                    tally.Add(request.Span);
                    return request.Memory;
                },
                concurrency: 1,
                stage.Finished);
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            RequestScenario.TakeExtra(responder, tally);
        }

        stage.Report(tally, Share.All);
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var requester = await Requester.ConnectAsync(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(requester);
        var buffer = Envelope.BufferFor(stage.Input);
        var pending = new Queue<Task<Message>>();
        for (var i = 0; i < stage.Messages; i++)
        {
            if (pending.Count == InFlight)
            {
                await TakeAsync();
            }

            pending.Enqueue(AskAsync(requester, stage, Envelope.Pack(stage.Input, i, buffer)));
        }

        while (pending.Count > 0)
        {
            await TakeAsync();
        }

        await Closing.CompleteAsync(requester);
        stage.Report(tally, Share.All);
        stage.HasSent();

        async Task TakeAsync()
        {
            using var reply = await pending.Dequeue();
            tally.Add(reply.Span);
        }
    }

    private static Task<Message> AskAsync(Requester requester, Stage stage, ReadOnlySpan<byte> request)
    {
        return MeasureAsync(stage, Stopwatch.GetTimestamp(), requester.RequestAsync(request, stage.Aborted));

        static async Task<Message> MeasureAsync(Stage stage, long start, ValueTask<Message> request)
        {
            var reply = await request;
            stage.Measure(Stopwatch.GetElapsedTime(start));
            return reply;
        }
    }
}
