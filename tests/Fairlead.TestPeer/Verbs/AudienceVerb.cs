using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>audience ADDRESS COUNT</c>: so many clients of a hub, each of which says what it is told; <c>end</c> waits until all were sent away,
/// and says how many messages each had and why it ended.
/// </summary>
internal static class AudienceVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var pairs = new Pair[int.Parse(arguments[1], CultureInfo.InvariantCulture)];
        var ends = new Task<string>[pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = await Pair.ConnectAsync(arguments[0]);
            ends[i] = EchoAsync(pairs[i]);
        }

        try
        {
            return await new Commands()
                .On("end", async _ => string.Join(", ", await Task.WhenAll(ends)))
                .ObeyAsync(pairs[0]);
        }
        finally
        {
            foreach (var pair in pairs)
            {
                pair.Dispose();
            }
        }
    }

    private static async Task<string> EchoAsync(Pair pair)
    {
        var heard = 0;
        try
        {
            await foreach (var message in pair.ReceiveAllAsync())
            {
                heard++;

                // A disconnected subscriber may still have unread messages.
                pair.TrySend(message.Span);
            }

            return string.Create(CultureInfo.InvariantCulture, $"{heard} {CloseReason.ClosedByPeer}");
        }
        catch (FairleadException end)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{heard} {end.Reason}");
        }
        catch (ObjectDisposedException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{heard} {CloseReason.ClosedByUs}");
        }
    }
}
