using System.Buffers;
using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>steady send|gather|receive|request|reply ADDRESS blocking|async COUNT</c>: the senders connect, the others bind. For each line
/// of input it plays a round of COUNT messages of 64 bytes, and says how many bytes of managed memory the whole process has allocated
/// meanwhile. <c>gather</c> sends them in two parts.
/// </summary>
internal static class SteadyVerb
{
    private const int Size = 64;

    public static async Task<int> RunAsync(string[] arguments)
    {
        Address address = arguments[1];
        await using MessagingEndpoint endpoint = arguments[0] switch
        {
            "send" or "gather" => await Sender.ConnectAsync(address),
            "receive" => await Receiver.BindAsync(address, Patience.Options),
            "request" => await Requester.ConnectAsync(address),
            _ => await Responder.BindAsync(address, Patience.Options),
        };
        var isBlocking = arguments[2] == "blocking";
        var count = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        ReadOnlySequence<byte>? parts = arguments[0] == "gather" ? new Half(new byte[Size / 2]).Twice() : null;
        Console.WriteLine($"ok {endpoint.Address}");
        while (await Console.In.ReadLineAsync() is not null)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            if (isBlocking)
            {
                Run(endpoint, count, parts);
            }
            else
            {
                await RunAsync(endpoint, count, parts);
            }

            Console.WriteLine($"ok {GC.GetTotalAllocatedBytes(precise: true) - before}");
        }

        return 0;
    }

    private static void Run(MessagingEndpoint endpoint, int count, ReadOnlySequence<byte>? parts)
    {
        Span<byte> content = stackalloc byte[Size];
        for (var i = 0; i < count; i++)
        {
            switch (endpoint)
            {
                case Sender sender when parts is { } gathered:
                    sender.Send(gathered);
                    break;
                case Sender sender:
                    sender.Send(content);
                    break;
                case Receiver receiver:
                    receiver.Receive().Dispose();
                    break;
                case Requester requester:
                    requester.Request(content).Dispose();
                    break;
                case Responder responder:
                    using (var request = responder.Receive())
                    {
                        request.Reply(request.Span);
                    }

                    break;
            }
        }
    }

    // One state machine for all messages: only the library's part counts.
    private static async Task RunAsync(MessagingEndpoint endpoint, int count, ReadOnlySequence<byte>? parts)
    {
        var content = new byte[Size];
        for (var i = 0; i < count; i++)
        {
            switch (endpoint)
            {
                case Sender sender when parts is { } gathered:
                    await sender.SendAsync(gathered);
                    break;
                case Sender sender:
                    await sender.SendAsync(content.AsSpan());
                    break;
                case Receiver receiver:
                    (await receiver.ReceiveAsync()).Dispose();
                    break;
                case Requester requester:
                    (await requester.RequestAsync(content.AsSpan())).Dispose();
                    break;
                case Responder responder:
                    using (var request = await responder.ReceiveAsync())
                    {
                        request.Reply(request.Span);
                    }

                    break;
            }
        }
    }

    private sealed class Half : ReadOnlySequenceSegment<byte>
    {
        public Half(ReadOnlyMemory<byte> memory) => Memory = memory;

        public ReadOnlySequence<byte> Twice()
        {
            Half second = new(Memory) { RunningIndex = Memory.Length };
            Next = second;
            return new ReadOnlySequence<byte>(this, 0, second, Memory.Length);
        }
    }
}
