namespace Fairlead.Cli.Services;

/// <summary>A client among others in one wait set.</summary>
internal sealed class MultiplexedClient(WaitSet set, ByteSession session, Action<MultiplexedClient> ended) : IDisposable
{
    private WaitAttachment? _attachment;
    private WaitAttachment? _patience;
    private Readiness _interest;
    private bool _isOver;

    /// <summary>Serves the client without blocking, and attaches it for the readiness that it needs next.</summary>
    public void Go()
    {
        if (_isOver)
        {
            return;
        }

        Readiness wanted = session.Advance();
        if (wanted == Readiness.None)
        {
            End();
            return;
        }

        if (session.Lingers)
        {
            _patience ??= set.AttachTimer(ByteSession.Patience, (Action)End);
        }

        if (wanted != _interest)
        {
            _attachment?.Dispose();
            _attachment = set.Attach(session.Socket.Handle, wanted, (Action)Go);
            _interest = wanted;
        }
    }

    public void Dispose()
    {
        _isOver = true;
        _attachment?.Dispose();
        _patience?.Dispose();
        session.Dispose();
    }

    private void End()
    {
        if (!_isOver)
        {
            Dispose();
            ended(this);
        }
    }
}
