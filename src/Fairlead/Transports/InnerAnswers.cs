using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>The way of answers from a user's endpoint to a bridge in this process.</summary>
/// <remarks>
/// <para>
/// The thread that answers completes the bridge's call itself, with the continuation of the bridge, which neither runs user code nor
/// blocks. Two threads would be woken otherwise: one that flushes, one that pumps the bridge's end. An answer needs no order, because it
/// names its call.
/// </para>
/// <para>
/// Belongs to the connection. The bridge sets its taker once, when its link is up; until then answers go through the connection.
/// </para>
/// </remarks>
internal sealed class InnerAnswers
{
    /// <summary>Longer answers go through the connection, which keeps their memory.</summary>
    private const int LongestCopy = 16 * 1024;

    private IAnswerTaker? _taker;

    /// <summary>Returns the way to the bridge at the other end of a connection; null if the other end is none.</summary>
    public static InnerAnswers? Of(Connection connection) => (connection as IBridged)?.Answers;

    /// <summary>Sets who takes the answers.</summary>
    public void TakeBy(IAnswerTaker taker) => Volatile.Write(ref _taker, taker);

    /// <summary>Gives an answer to the bridge. Returns false if nothing was done. No lock may be held.</summary>
    public bool TryGive(MessageKind kind, uint id, ReadOnlySpan<byte> payload) =>
        payload.Length <= LongestCopy && Volatile.Read(ref _taker)?.TryTake(MessageHeader.Of(kind, id), payload) == true;
}

/// <summary>A connection whose other end may be a bridge in this process.</summary>
internal interface IBridged
{
    /// <summary>The way of this end's answers, if the other end is a bridge.</summary>
    InnerAnswers? Answers { get; }
}

/// <summary>Takes the answers to the calls of a bridge.</summary>
internal interface IAnswerTaker
{
    /// <summary>Ends the call, and runs what waits for it. Returns false if the link is not up. Any thread without locks.</summary>
    bool TryTake(MessageHeader header, ReadOnlySpan<byte> payload);
}
