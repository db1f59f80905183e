using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>server RECEIVER RESPONDER PUBLISHER HUB QUEUE</c>: binds all five, says <c>ok</c>, and serves until it is killed: takes and accepts,
/// echoes requests, publishes payloads under its process id, and echoes to the hub's clients.
/// </summary>
internal static class ServerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var receiver = await Receiver.BindAsync(arguments[0], Patience.Options);
        await using var responder = await Responder.BindAsync(arguments[1], Patience.Options);
        await using var publisher = await Publisher.BindAsync(arguments[2], new() { HandshakeTimeout = Patience.Time });
        await using var hub = await Hub.BindAsync(arguments[3], new() { HandshakeTimeout = Patience.Time });
        await using var queue = await WorkQueue.BindAsync(arguments[4], new() { HandshakeTimeout = Patience.Time });
        Console.WriteLine("ok");
        await Task.WhenAny(
            receiver.RunAsync(static (message, _) =>
            {
                Payload.Check(message.Span);
                return default;
            }),
            responder.RunAsync(static (request, _) => request.Memory),
            PublishAsync(publisher),
            EchoAsync(hub),
            Console.In.ReadToEndAsync());
        return 0;
    }

    private static async Task PublishAsync(Publisher publisher)
    {
        // Ten at each tick: much, and not all that the processor gives.
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        for (var i = 0; i % 10 != 0 || await tick.WaitForNextTickAsync(); i++)
        {
            publisher.Publish("tick", Payload.Make(i, i % 300, Environment.ProcessId));
        }
    }

    private static async Task EchoAsync(Hub hub)
    {
        await foreach (var happened in hub.Events())
        {
            if (happened is HubEvent.Said said)
            {
                _ = hub.TrySend(said.Client, said.Message.Span);
            }
        }
    }
}
