namespace Fairlead.Patterns.Links;

/// <summary>Writes what streaming senders left lying because less than a batch had come together.</summary>
internal static class Flusher
{
    private static readonly Rounds<Link> Rounds = new(
        "fairlead flusher", TimeSpan.FromMicroseconds(100), idle: 20, static link => link.Output.OnFlusher());

    /// <summary>
    /// The link's <see cref="LinkOutput.OnFlusher"/> is called within some 100 µs; false where the system gives no thread for that. Called
    /// under the link's send lock.
    /// </summary>
    public static bool TryAdd(Link link)
    {
        try
        {
            Rounds.Start();
        }
        catch (FairleadException)
        {
            return false;
        }

        Rounds.Add(link);
        return true;
    }
}
