namespace Fairlead.Patterns.Links;

/// <summary>
/// How many open files may be under way on a link, in either direction: each receiver says how many it holds unread, and a message with a
/// file waits for its place as it waits for credit.
/// </summary>
/// <remarks>
/// What leaves is under the link's send lock. What comes is counted by the pump and uncounted under the endpoint's gate.
/// </remarks>
/// <param name="most">How many this side holds unread.</param>
internal sealed class HandleWindow(int most)
{
    // The numbers of the messages with files that are not acknowledged.
    private Queue<uint>? _out;
    private int _in;
    private int _untold;

    /// <summary>How many the peer holds unread; 0: it takes none. Set by the handshake.</summary>
    public int ToPeer { get; set; }

    /// <summary>Whether the receiver has room for one more. Under the send lock.</summary>
    public bool HasPlace => (_out?.Count ?? 0) < ToPeer;

    /// <summary>The message with this number takes one along. Under the send lock.</summary>
    public void NoteSent(uint number) => (_out ??= new Queue<uint>()).Enqueue(number);

    /// <summary>All messages up to this number have been handed to the peer's user. Under the send lock.</summary>
    public void Acknowledge(uint number)
    {
        while (_out is { Count: > 0 } sent && (int)(number - sent.Peek()) >= 0)
        {
            sent.Dequeue();
        }
    }

    /// <summary>One has come. By the pump.</summary>
    /// <exception cref="FairleadException">Corrupt: more than this side holds.</exception>
    public void CountIn()
    {
        if (Interlocked.Increment(ref _in) > most)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent more open files than it was allowed to");
        }
    }

    /// <summary>One was handed to the user. Under the endpoint's gate.</summary>
    public void CountOut()
    {
        Interlocked.Decrement(ref _in);
        Interlocked.Increment(ref _untold);
    }

    /// <summary>
    /// Whether the peer, which may wait for it, is to be told at once how many were handed out: a quarter of those that it may have here.
    /// Any thread.
    /// </summary>
    public bool IsAckDue => Volatile.Read(ref _untold) is > 0 and int untold && 4 * untold >= most;

    /// <summary>The peer is about to be told. Any thread.</summary>
    public void NoteTold() => Volatile.Write(ref _untold, 0);
}
