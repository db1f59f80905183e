using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>The way from one end of a connection within this process to the other, where one of them is a bridge's.</summary>
/// <remarks>
/// <para>
/// Through the connection, a message wakes a thread of the other end, and that thread perhaps a third. Here the thread that
/// sends does the work of the other end itself. An answer ends its call: it needs no order, because it names the call. A request is put
/// into the connection, and then taken out of it by an iteration of the other end's pump. Continuations of a bridge run on that thread,
/// too, because they neither run user code nor block; those of a user do not.
/// </para>
/// <para>
/// Belongs to the sending end. The other end's link opens it once, when it is up; until then everything goes through the connection. Any
/// thread.
/// </para>
/// </remarks>
/// <param name="connection">The sending end.</param>
internal sealed class InnerWay(IBridged connection)
{
    /// <summary>Longer answers go through the connection, which keeps their memory.</summary>
    private const int LongestCopy = 16 * 1024;

    // The way on which this thread is sending and will serve, and whether the connection has got something since.
    [ThreadStatic]
    private static InnerWay? _sending;

    [ThreadStatic]
    private static bool _hasPut;

    private IInnerEnd? _end;

    /// <summary>Returns the way to the other end of a connection; null if neither end is a bridge's.</summary>
    public static InnerWay? Of(Connection connection) => (connection as IBridged)?.Inner;

    /// <inheritdoc cref="IBridged.HeadRoom"/>
    public int HeadRoom => connection.HeadRoom;

    /// <inheritdoc cref="IBridged.LongestPayload"/>
    public int LongestPayload => connection.LongestPayload;

    /// <summary>Opens the way.</summary>
    public void OpenTo(IInnerEnd end) => Volatile.Write(ref _end, end);

    /// <summary>Gives an answer to the other end. Returns false if nothing was done. No lock may be held.</summary>
    public bool TryAnswer(MessageKind kind, uint id, ReadOnlySpan<byte> payload) =>
        payload.Length <= LongestCopy && Volatile.Read(ref _end)?.TryTake(MessageHeader.Of(kind, id), payload) == true;

    /// <summary>Tells the other end why it makes no progress; null: it does again. No lock may be held.</summary>
    public void Hinder(string? why) => Volatile.Read(ref _end)?.Hinder(why);

    /// <inheritdoc cref="IInnerEnd.Lose"/>
    public void Lose(string? why, int attempts) => Volatile.Read(ref _end)?.Lose(why, attempts);

    /// <summary>Counts a message that the other end was to get or has sent, and that is lost. No lock may be held.</summary>
    public void CountDropped() => Volatile.Read(ref _end)?.CountDropped();

    /// <summary>Begins a send of this thread, which <see cref="EndSend"/> ends. Returns false if the way is not open.</summary>
    public bool TryBeginSend()
    {
        if (Volatile.Read(ref _end) is null || _sending is not null)
        {
            return false;
        }

        _sending = this;
        return true;
    }

    /// <summary>Ends the send: serves the other end if the connection has got something. No lock may be held.</summary>
    public void EndSend()
    {
        bool serves = _hasPut;
        _sending = null;
        _hasPut = false;
        if (serves)
        {
            Finishing.Do("an end within the process", static end => end.Serve(), _end!);

            // If another thread leads there, or reading pauses, the connection tells of what is left.
            connection.TellUnread();
        }
    }

    /// <summary>Notes that the connection has got something. Returns whether this thread will serve it, and no other need wake.</summary>
    public bool WillServe()
    {
        if (_sending != this)
        {
            return false;
        }

        _hasPut = true;
        return true;
    }
}

/// <summary>A connection of which one end may be a bridge's in this process.</summary>
internal interface IBridged
{
    /// <summary>The way to the other end; null if neither end is a bridge's.</summary>
    InnerWay? Inner { get; }

    /// <summary>Whether the other end is a bridge's.</summary>
    bool IsToBridge { get; }

    /// <summary>The bytes of a head that the peer may send beyond <see cref="Connection.ReceiveLimit"/>.</summary>
    /// <remarks>The limit of an end at a broker is about the body of a message there, without the heads between the two ends.</remarks>
    int HeadRoom { get; }

    /// <summary>The longest payload that the peer accepts. Known after the handshake.</summary>
    int LongestPayload { get; }

    /// <summary>Opens the way from the other end to this one.</summary>
    void OpenTo(IInnerEnd end);

    /// <summary>Wakes a thread of the other end if that has something to read. Any thread.</summary>
    void TellUnread();
}

/// <summary>An end whose work the thread of the other end does. Any thread without locks.</summary>
internal interface IInnerEnd
{
    /// <summary>Ends a call by its answer, and runs or queues what waits for it. Returns false if the link is not up.</summary>
    bool TryTake(MessageHeader header, ReadOnlySpan<byte> payload);

    /// <summary>Takes what has arrived, unless another thread leads.</summary>
    void Serve();

    /// <summary>Notes why this end makes no progress; null: it does again.</summary>
    void Hinder(string? why);

    /// <summary>Notes why the broker behind the other end is lost and sought; null: it was found, after this number of attempts.</summary>
    void Lose(string? why, int attempts);

    /// <summary>Counts a message of this end that is lost.</summary>
    void CountDropped();
}
