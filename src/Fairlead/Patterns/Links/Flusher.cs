namespace Fairlead.Patterns.Links;

/// <summary>
/// Comes by every 100 µs where something was left for it: messages that streaming senders left lying because less than a batch had come
/// together, and callers that are told one after the other.
/// </summary>
internal static class Flusher
{
    private static readonly Rounds<IFlusherClient> Rounds = new(
        "fairlead flusher", TimeSpan.FromMicroseconds(100), idle: 20, static client => client.OnRound());

    /// <summary>
    /// The client is visited once, within some 100 µs; false where the system gives no thread for that. Any thread, whatever lock it holds.
    /// </summary>
    public static bool TryAdd(IFlusherClient client)
    {
        try
        {
            Rounds.Start();
        }
        catch (FairleadException)
        {
            return false;
        }

        Rounds.Add(client);
        return true;
    }
}

/// <summary>Who is visited.</summary>
internal interface IFlusherClient
{
    /// <summary>The flusher is here, and comes by no more until it is asked again. By its thread; must not block.</summary>
    void OnRound();
}
