namespace Fairlead.Cli.Services;

/// <summary>A client on a stream socket. A session never blocks: its server waits for it.</summary>
internal sealed class ByteSession(SocketConnection socket, Service service) : IDisposable
{
    /// <summary>
    /// How long a client may take to close after the last byte of the answer. The server throws away the bytes that come until then. If it
    /// closed immediately, the kernel would answer such bytes with a reset, and the client would lose the part that it has not read yet.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Then the other clients are served.
    private const int StepsAtOnce = 16;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private int _line;
    private bool _hasTold;

    public SocketConnection Socket => socket;

    /// <summary>Whether the answer is complete, and only the client's close is awaited.</summary>
    public bool Lingers { get; private set; }

    /// <summary>Reads and writes as long as that does not block.</summary>
    /// <returns>The readiness that the session needs to go on; none when it has ended.</returns>
    public Readiness Advance()
    {
        try
        {
            for (int i = 0; i < StepsAtOnce; i++)
            {
                if (_start < _end)
                {
                    if (socket.TryWrite(_buffer.AsSpan(_start, _end - _start)) is not { } written)
                    {
                        return Readiness.Writable;
                    }

                    _start += written;
                }
                else if (service.Speaks && !Lingers)
                {
                    Speak();
                }
                else if (socket.TryRead(_buffer) is not { } read)
                {
                    return Readiness.Readable;
                }
                else if (read == 0)
                {
                    return Readiness.None;
                }
                else if (service.Echoes)
                {
                    (_start, _end) = (0, read);
                }
            }

            return _start < _end || (service.Speaks && !Lingers) ? Readiness.Writable : Readiness.Readable;
        }
        catch (FairleadException gone) when (gone.Code == ErrorCode.PeerGone)
        {
            return Readiness.None;
        }
    }

    public void Dispose() => socket.Dispose();

    private void Speak()
    {
        _start = 0;
        if (!service.TellsTime)
        {
            _end = Service.WriteLines(_buffer, ref _line);
        }
        else if (!_hasTold)
        {
            byte[] told = service.Tell();
            told.CopyTo(_buffer, 0);
            _end = told.Length;
            _hasTold = true;
        }
        else
        {
            _end = 0;
            Lingers = true;
            socket.EndSending();
        }
    }
}
