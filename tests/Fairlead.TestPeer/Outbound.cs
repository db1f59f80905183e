using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer;

/// <summary>
/// The commands of what sends: <c>send COUNT SIZE</c>, <c>flood SIZE</c> without end, <c>long BYTES</c> one message in the background,
/// <c>flush</c>, <c>deliver</c> with its outcome, <c>close MILLISECONDS</c> with its report.
/// </summary>
internal sealed class Outbound(
    MessagingEndpoint endpoint, Func<ReadOnlyMemory<byte>, ValueTask> send, Func<ReadOnlyMemory<byte>, ValueTask<Delivery>> deliver)
{
    private int _next;

    public Commands AddTo(Commands commands) => commands
        .On("send", async words =>
        {
            for (int i = Number(words[0]); i > 0; i--)
            {
                await send(Payload.Make(_next++, Number(words[1])));
            }

            return "";
        })
        .On("flood", async words =>
        {
            int size = Number(words[0]);
            await send(Payload.Make(_next++, size));
            _ = FloodAsync(size);
            return "";
        })
        .On("long", words =>
        {
            _ = send(Payload.Make(_next++, Number(words[0]))).AsTask();
            return Task.FromResult("");
        })
        .On("deliver", async _ =>
        {
            Delivery delivery = await deliver(Payload.Make(_next++, 8));
            return $"{delivery.Status} {delivery.Cause} {delivery.Reason}";
        })
        .On("flush", async _ =>
        {
            await endpoint.FlushAsync();
            return "";
        })
        .On("close", async words =>
        {
            CloseReport report = await endpoint.CloseAsync(TimeSpan.FromMilliseconds(Number(words[0])));
            return $"{report.Sent} {report.Acknowledged} {report.NotDelivered} {report.InDoubt}";
        });

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private async Task FloodAsync(int size)
    {
        try
        {
            while (true)
            {
                await send(Payload.Make(_next++, size));
            }
        }
        catch (Exception end) when (end is FairleadException or ObjectDisposedException)
        {
            // The end of the other side is the end of the flood.
        }
    }
}
