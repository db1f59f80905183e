namespace Fairlead.Patterns.Links;

/// <summary>Writes every 100 µs what streaming senders have left lying because less than a batch had come together.</summary>
internal static class Flusher
{
    private static readonly Rounds<LinkOutput> Rounds = new(
        "fairlead flusher", TimeSpan.FromMicroseconds(100), idle: 20, static output => output.OnRound());

    /// <summary>
    /// The output is visited once, within some 100 µs; false where the system gives no thread for that. Any thread, whatever lock it holds.
    /// </summary>
    public static bool TryAdd(LinkOutput output)
    {
        if (!Rounds.TryStart())
        {
            return false;
        }

        Rounds.Add(output);
        return true;
    }
}
