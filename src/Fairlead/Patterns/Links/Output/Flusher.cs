using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Output;

/// <summary>Writes, every 100 µs, the output of streaming senders that has not filled a batch.</summary>
internal static class Flusher
{
    private static readonly DeferredWork<IDeferredOutput> DeferredWork = new(
        "fairlead flusher", TimeSpan.FromMicroseconds(100), idle: 20, static output => output.OnRound());

    /// <summary>Schedules one visit to the output within about 100 µs. Returns false if the system provides no thread for it.</summary>
    /// <remarks>Any thread, with any lock held.</remarks>
    public static bool TryAdd(IDeferredOutput output)
    {
        if (!DeferredWork.TryStart())
        {
            return false;
        }

        DeferredWork.Add(output);
        return true;
    }
}
