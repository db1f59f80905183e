using System.Buffers.Binary;
using System.Diagnostics;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>
/// One requester asks three responders at the same time, and waits for each reply before it asks again. The time is that from the question
/// to a reply.
/// </summary>
internal sealed class SurveyScenario : TalkScenario
{
    // The tour ends a row that makes no progress.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public override string Name => "survey";

    public override string Title => $"survey, {Joiners} asked";

    public override int Joiners => 3;

    public override bool BinderSends => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var requester = Requester.Bind(address, Patient);
        var tallies = Enumerable.Range(0, Joiners).Select(_ => stage.NewTally()).ToArray();
        await stage.ReadyAsync(requester);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var question = Envelope.Pack(stage.Input, i, buffer).ToArray();
            var start = Stopwatch.GetTimestamp();
            await foreach (var reply in requester.SurveyAsync(question, Patience, cancellationToken: stage.Aborted))
            {
                using var lease = reply;
                stage.Measure(Stopwatch.GetElapsedTime(start));
                var seat = reply.IsReply ? Envelope.Read(reply.Message.Span)?.Stream : throw reply.Problem!;
                tallies[seat is { } known && known >= 1 && known <= Joiners ? known - 1 : 0].Add(reply.Message.Span);
            }
        }

        await Closing.CompleteAsync(requester);
        foreach (var tally in tallies)
        {
            using (tally)
            {
                stage.Report(tally, Share.All);
            }
        }

        stage.HasSent();
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var responder = await Responder.ConnectAsync(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(responder);
        try
        {
            while (true)
            {
                using var request = responder.Receive(null, stage.Finished);
                tally.Add(request.Span);

                // The number of the responder: the requester judges the replies of each separately.
                var reply = request.Span.ToArray();
                BinaryPrimitives.WriteInt32BigEndian(reply, seat);
                request.Reply(reply);
            }
        }
        catch (Exception ended)
            when ((ended is OperationCanceledException && stage.Finished.IsCancellationRequested)
                || (ended is FairleadException { Reason: CloseReason.ClosedByPeer } && stage.FinishesSoon()))
        {
            // The requester asks no more.
        }

        stage.Report(tally, Share.All);
    }
}
