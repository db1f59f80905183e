using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>heir bind|connect KIND</c>: a child at its channel. A responder echoes, a receiver counts what it gets to the end and returns that, a
/// sender sends a thousand, a pair says back what is said; each ends with its parent, or when its parent closes.
/// </summary>
internal static class HeirVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        bool binds = arguments[0] == "bind";
        if (!Inherited.HasChannel || !Inherited.TryGetAddress(out Address? address) || address != Inherited.Address)
        {
            throw new InvalidOperationException("It has no channel.");
        }

        switch (arguments[1])
        {
            case "responder":
                await using (var responder = binds ? await Responder.BindAsync(address) : await Responder.ConnectAsync(address))
                {
                    await responder.RunAsync((request, _) => request.Memory);
                }

                return 0;
            case "receiver":
                await using (var receiver = binds ? await Receiver.BindAsync(address) : await Receiver.ConnectAsync(address))
                {
                    int count = 0;
                    await foreach (var _ in receiver.ReceiveAllAsync())
                    {
                        count++;
                    }

                    return count;
                }

            case "sender":
                await using (var sender = binds ? await Sender.BindAsync(address) : await Sender.ConnectAsync(address))
                {
                    for (int i = 0; i < 1000; i++)
                    {
                        await sender.SendAsync(Payload.Make(i, i % 100 == 0 ? 200_000 : 64).AsMemory());
                    }
                }

                return 0;
            default:
                await using (var pair = binds ? await Pair.BindAsync(address) : await Pair.ConnectAsync(address))
                {
                    await foreach (var message in pair.ReceiveAllAsync())
                    {
                        await pair.SendAsync(message.Span);
                    }
                }

                return 0;
        }
    }
}
