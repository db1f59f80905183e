using System.Diagnostics;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Type 4: the requester waits for each reply. The time is that of the round trip.</summary>
internal sealed class RequestScenario : TalkScenario
{
    public override string Name => "request";

    public override string Title => "4 request";

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var responder = Responder.Bind(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(responder);
        try
        {
            while (true)
            {
                using var request = responder.Receive(null, stage.Finished);
                tally.Add(request.Span);
                request.Reply(request.Span);
            }
        }
        catch (OperationCanceledException) when (stage.Finished.IsCancellationRequested)
        {
            TakeExtra(responder, tally);
        }
        catch (FairleadException over) when (over.Code == ErrorCode.PeerGone && address.Scheme == "fd")
        {
            // The only possible requester has closed, and its requests came before.
        }

        stage.Report(tally, Share.All);
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var requester = await Requester.ConnectAsync(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(requester);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var message = Envelope.Pack(stage.Input, i, buffer);
            var start = Stopwatch.GetTimestamp();
            using var reply = requester.Request(message, cancellationToken: stage.Aborted);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            tally.Add(reply.Span);
        }

        await Closing.CompleteAsync(requester);
        stage.Report(tally, Share.All);
        stage.HasSent();
    }

    /// <summary>Takes surplus requests, and counts them: that shows them.</summary>
    public static void TakeExtra(Responder responder, Tally tally)
    {
        try
        {
            while (responder.TryReceive(TimeSpan.Zero, out var extra))
            {
                using (extra)
                {
                    tally.Add(extra.Span);
                }
            }
        }
        catch (FairleadException over) when (over.Code == ErrorCode.PeerGone)
        {
            // The only possible requester has closed: nothing more can come.
        }
    }
}
