using System.Globalization;
using System.Text;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>actor KIND ADDRESS FROM</c>: connects, says <c>ok</c>, and does what its kind does, as fast as it may, until its input or the other
/// side ends; then closes. What it sends are payloads of FROM, and what it gets back it checks.
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

    private static async Task ActAsync(string kind, Address address, int from, CancellationToken token)
    {
        switch (kind)
        {
            case "sender":
                await using (var sender = await ReadyAsync(Sender.ConnectAsync(address, token: token)))
                {
                    for (var i = 0; !token.IsCancellationRequested; i++)
                    {
                        await sender.SendAsync(Payload.Make(i, Size(i), from).AsSpan(), token);
                    }
                }

                break;
            case "deliverer":
                await using (var sender = await ReadyAsync(Sender.ConnectAsync(address, token: token)))
                {
                    for (var i = 0; !token.IsCancellationRequested; i++)
                    {
                        await sender.DeliverAsync(Payload.Make(i, Size(i), from).AsSpan(), token: token);
                    }
                }

                break;
            case "requester":
                await using (var requester = await ReadyAsync(Requester.ConnectAsync(address, token: token)))
                {
                    for (var i = 0; !token.IsCancellationRequested; i++)
                    {
                        await AskAsync(requester, i, from, token);
                    }
                }

                break;
            case "responder":
                await using (var responder = await ReadyAsync(Responder.ConnectAsync(address, token: token)))
                {
                    await responder.RunAsync((request, _) => request.Memory, token: token);
                }

                break;
            case "receiver":
                await using (var receiver = await ReadyAsync(Receiver.ConnectAsync(address, token: token)))
                {
                    await foreach (var message in receiver.ReceiveAllAsync(token))
                    {
                        Payload.Check(message.Span);
                    }
                }

                break;
            case "subscriber":
                await using (var subscriber = await ReadyAsync(Subscriber.ConnectAsync(address, token: token)))
                {
                    await foreach (var message in subscriber.ReceiveAllAsync(token))
                    {
                        Payload.Check(message.Span);
                    }
                }

                break;
            default:
                await using (var pair = await ReadyAsync(Pair.ConnectAsync(address, token: token)))
                {
                    var listening = ListenAsync(pair, token);
                    for (var i = 0; !token.IsCancellationRequested && !listening.IsCompleted; i++)
                    {
                        await pair.SendAsync(Payload.Make(i, Size(i), from).AsSpan(), token);
                    }
                }

                break;
        }
    }

    private static async Task ListenAsync(Pair pair, CancellationToken token)
    {
        await foreach (var message in pair.ReceiveAllAsync(token))
        {
            Payload.Check(message.Span);
        }
    }

    private static async Task AskAsync(Requester requester, int number, int from, CancellationToken token)
    {
        try
        {
            using var reply = await requester.RequestAsync(Payload.Make(number, Size(number), from).AsSpan(), 100.Milliseconds(), token);
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
