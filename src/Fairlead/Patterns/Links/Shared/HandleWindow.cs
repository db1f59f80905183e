namespace Fairlead.Patterns.Links.Shared;

/// <summary>Limits the open files in transit on a link, in either direction.</summary>
/// <remarks>
/// Each receiver announces how many unread files it holds. A message with a file waits for a free place as it waits for credit. The sending
/// part is under the link's send lock. For the receiving part, the pump counts up, and the count goes down under the endpoint's gate.
/// </remarks>
/// <param name="most">The most unread files on this side.</param>
internal sealed class HandleWindow(int most)
{
    // The numbers of unacknowledged messages with files.
    private Queue<uint>? _out;
    private int _in;
    private int _untold;

    /// <summary>The most unread files the peer holds; 0 means that it accepts none. Set by the handshake.</summary>
    public int ToPeer { get; set; }

    /// <summary>Whether the receiver has capacity for one more. Under the send lock.</summary>
    public bool HasPlace => (_out?.Count ?? 0) < ToPeer;

    /// <summary>Notes that the message with this number carries a file. Under the send lock.</summary>
    public void NoteSent(uint number) => (_out ??= new Queue<uint>()).Enqueue(number);

    /// <summary>Notes that the peer's user has taken all messages up to this number. Under the send lock.</summary>
    public void Acknowledge(uint number)
    {
        while (_out is { Count: > 0 } sent && (int)(number - sent.Peek()) >= 0)
        {
            sent.Dequeue();
        }
    }

    /// <summary>Counts a received file. Called by the pump.</summary>
    /// <exception cref="FairleadException">Corrupt: the peer has sent more than this side holds.</exception>
    public void CountIn()
    {
        if (Interlocked.Increment(ref _in) > most)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent more open files than this side accepts");
        }
    }

    /// <summary>Counts a file that was handed to the user. Under the endpoint's gate.</summary>
    public void CountOut()
    {
        Interlocked.Decrement(ref _in);
        Interlocked.Increment(ref _untold);
    }

    /// <summary>Whether to acknowledge immediately, because a peer may wait: a quarter of the allowed files were handed out.</summary>
    /// <remarks>Any thread.</remarks>
    public bool IsAckDue => Volatile.Read(ref _untold) is > 0 and int untold && 4 * untold >= most;

    /// <summary>Notes that an acknowledgement is about to be sent. Any thread.</summary>
    public void NoteAcknowledged() => Volatile.Write(ref _untold, 0);
}
