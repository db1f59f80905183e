using System.Globalization;
using System.Text;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>actor KIND ADDRESS FROM</c>: connects, says <c>ok</c>, and does what its kind does, as fast as it may, until its input or the other
/// side ends; then closes. It sends payloads of FROM, and checks the replies.
/// </summary>
internal static class ActorVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        Address address = arguments[1];
        var from = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using var stop = new CancellationTokenSource();
        _ = Console.In.ReadToEndAsync().ContinueWith(_ => stop.Cancel(), TaskScheduler.Default);
        try
        {
            await ActAsync(arguments[0], address, from, stop.Token);
            return 0;
        }
        catch (Exception end) when (IsEnd(end))
        {
            // Told to end, or the other side has.
            return 0;
        }
    }

    private static async Task ActAsync(string kind, Address address, int from, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case "sender":
                await using (var sender = await ReadyAsync(Sender.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
                    {
                        await sender.SendAsync(Payload.Make(i, Size(i), from).AsSpan(), cancellationToken);
                    }
                }

                break;
            case "deliverer":
                await using (var sender = await ReadyAsync(Sender.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
                    {
                        await sender.DeliverAsync(Payload.Make(i, Size(i), from).AsSpan(), cancellationToken: cancellationToken);
                    }
                }

                break;
            case "requester":
                await using (var requester = await ReadyAsync(Requester.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
                    {
                        await AskAsync(requester, i, from, cancellationToken);
                    }
                }

                break;
            case "responder":
                await using (var responder = await ReadyAsync(Responder.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    await responder.RunAsync((request, _) => request.Memory, cancellationToken: cancellationToken);
                }

                break;
            case "receiver":
                await using (var receiver = await ReadyAsync(Receiver.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    await foreach (var message in receiver.ReceiveAllAsync(cancellationToken))
                    {
                        Payload.Check(message.Span);
                    }
                }

                break;
            case "subscriber":
                await using (var subscriber = await ReadyAsync(Subscriber.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    await foreach (var message in subscriber.ReceiveAllAsync(cancellationToken))
                    {
                        Payload.Check(message.Span);
                    }
                }

                break;
            default:
                await using (var pair = await ReadyAsync(Pair.ConnectAsync(address, cancellationToken: cancellationToken)))
                {
                    var listening = ListenAsync(pair, cancellationToken);
                    for (var i = 0; !cancellationToken.IsCancellationRequested && !listening.IsCompleted; i++)
                    {
                        await pair.SendAsync(Payload.Make(i, Size(i), from).AsSpan(), cancellationToken);
                    }
                }

                break;
        }
    }

    private static async Task ListenAsync(Pair pair, CancellationToken cancellationToken)
    {
        await foreach (var message in pair.ReceiveAllAsync(cancellationToken))
        {
            Payload.Check(message.Span);
        }
    }

    private static async Task AskAsync(Requester requester, int number, int from, CancellationToken cancellationToken)
    {
        try
        {
            using var reply = await requester.RequestAsync(
                Payload.Make(number, Size(number), from).AsSpan(), 100.Milliseconds(), cancellationToken);
            if (Payload.Check(reply.Span) != (number, from))
            {
                throw new InvalidOperationException($"Request {number} got another's reply: {Encoding.UTF8.GetString(reply.Span)}.");
            }
        }
        catch (FairleadException error) when (error.Code is ErrorCode.Timeout or ErrorCode.Failed)
        {
            // Not in time, or refused: the next.
        }
    }

    private static bool IsEnd(Exception exception) => exception is FairleadException failure
        ? failure.Code is ErrorCode.PeerGone or ErrorCode.NotFound or ErrorCode.Timeout or ErrorCode.Full or ErrorCode.Unavailable
        : exception is OperationCanceledException or ObjectDisposedException;

    private static int Size(int number) => number % 50 == 0 ? 70_000 : number % 200;

    private static async ValueTask<T> ReadyAsync<T>(ValueTask<T> opening)
    {
        var endpoint = await opening;
        Console.WriteLine("ok");
        return endpoint;
    }
}
