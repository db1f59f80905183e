using System.Buffers;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tunnels;

/// <summary>The byte channel of a connection through the broker.</summary>
/// <remarks>
/// <para>
/// One message at a time is on its way to the broker, until the broker confirms it. Small writes of a busy end gather in the meantime, and
/// a broker that slows its publishers down holds up the writer.
/// </para>
/// <para>
/// Owns, under its lock, what has arrived and is unread, and how each direction has ended. The publishing task belongs to the thread that
/// writes.
/// </para>
/// </remarks>
internal sealed class TunnelChannel : ByteChannel
{
    /// <summary>The longest body: long enough for a batch, and short enough to share a connection.</summary>
    private const int LongestBody = 128 * 1024;

    /// <summary>The memory of a piece beside its bytes: a peer may send single bytes.</summary>
    private const int PieceCost = 64;

    private readonly TunnelSession _session;
    private readonly string _peer;
    private readonly long _mostUnread;
    private readonly Lock _gate = new();
    private readonly Queue<ReadOnlyMemory<byte>> _unread = new();
    private readonly EventDescriptor _news = new();
    private readonly GateDescriptor _room;
    private CancellationTokenRegistration _lost;
    private ReadOnlyMemory<byte> _current;
    private long _unreadBytes;
    private Incoming _incoming;
    private bool _saysNews;
    private bool _isDisposed;

    // Set once, when the peer takes no more.
    private volatile bool _isOutputBroken;

    // Of the writing thread.
    private Task<bool>? _publishing;
    private bool _hasEnded;

    /// <param name="session">The session. A channel that is added to it uses it until it is disposed.</param>
    /// <param name="peer">The queue of the peer.</param>
    /// <param name="settings">The settings of the endpoint, which limit what may arrive unread.</param>
    public TunnelChannel(TunnelSession session, string peer, EndpointSettings settings)
    {
        (_session, _peer) = (session, peer);

        // Credit limits what a peer sends, to one long message beyond the capacity. Heads and control messages are little beside that.
        _mostUnread = (2L * settings.Capacity) + (settings.LongestMessage ?? EndpointSettings.DefaultNetworkLimit) + (1 << 20);
        try
        {
            _room = new GateDescriptor();
        }
        catch
        {
            _news.Dispose();
            throw;
        }
    }

    private enum Incoming
    {
        Open,

        /// <summary>The peer has sent everything.</summary>
        Ended,

        /// <summary>The connection is lost, or was aborted.</summary>
        Broken,
    }

    public override Descriptor WaitDescriptor => _news.Descriptor;

    public override Descriptor OutputDescriptor => _room.Descriptor;

    public override bool IsDrainedByShortRead => true;

    /// <summary>Breaks the channel when the session ends. Called once.</summary>
    public void EndsWith(CancellationToken session) =>
        _lost = session.UnsafeRegister(static state => ((TunnelChannel)state!).Break(), this);

    /// <summary>Takes a message of the peer. Called by the session, one at a time; copies the body.</summary>
    public void OnMessage(string? kind, ReadOnlySpan<byte> body)
    {
        bool isTooMuch;
        lock (_gate)
        {
            if (_incoming != Incoming.Open || _isDisposed)
            {
                return;
            }

            isTooMuch = _unreadBytes + body.Length + ((long)PieceCost * _unread.Count) > _mostUnread;
            if (kind == TunnelKind.Data && !isTooMuch)
            {
                _unread.Enqueue(body.ToArray());
                _unreadBytes += body.Length;
            }
            else if (kind != TunnelKind.Open)
            {
                _incoming = kind == TunnelKind.End ? Incoming.Ended : Incoming.Broken;
            }

            SayNews(true);
        }

        if (isTooMuch)
        {
            // Beyond its credit: the peer does not follow the protocol.
            _session.Refuse(_peer);
        }
    }

    public override IoResult Read(Span<byte> room)
    {
        lock (_gate)
        {
            int count = 0;
            while (count < room.Length && (!_current.IsEmpty || _unread.TryDequeue(out _current)))
            {
                int part = Math.Min(_current.Length, room.Length - count);
                _current.Span[..part].CopyTo(room[count..]);
                _current = _current[part..];
                count += part;
            }

            _unreadBytes -= count;
            if (count > 0)
            {
                SayNews(!_current.IsEmpty || _unread.Count > 0 || _incoming != Incoming.Open);
                return IoResult.Done(count);
            }

            switch (_incoming)
            {
                case Incoming.Open:
                    SayNews(false);
                    return IoResult.Failed(Errno.EAGAIN);
                case Incoming.Ended:
                    return IoResult.Done(0);
                default:
                    return IoResult.Failed(Errno.ECONNRESET);
            }
        }
    }

    public override IoResult Write(OutputQueue output)
    {
        if (_publishing is { IsCompleted: false })
        {
            return IoResult.Failed(Errno.EAGAIN);
        }

        if (_isOutputBroken || IsBroken)
        {
            return IoResult.Failed(Errno.EPIPE);
        }

        _room.Shut();
        _publishing = PublishAsync(output, out int count);
        return IoResult.Done(count);
    }

    public override void TakeRest(OutputQueue output)
    {
        if (!_hasEnded && !_isOutputBroken && !IsBroken && output.Buffered <= LongestBody)
        {
            _publishing = PublishAsync(output, out _);
        }
    }

    public override void EndSending()
    {
        if (!_hasEnded)
        {
            _hasEnded = true;
            _publishing = EndAsync(_publishing);
        }
    }

    public override void Abort()
    {
        Break();
        _session.Refuse(_peer);
    }

    public override void Dispose()
    {
        if (!IsBroken)
        {
            EndSending();
        }

        lock (_gate)
        {
            _isDisposed = true;
            _unread.Clear();
        }

        _lost.Dispose();
        _news.Dispose();
        _room.Dispose();
        _ = LeaveAsync(_publishing);
    }

    /// <summary>Releases a channel that no session has.</summary>
    public void Abandon()
    {
        _news.Dispose();
        _room.Dispose();
    }

    private bool IsBroken
    {
        get
        {
            lock (_gate)
            {
                return _incoming == Incoming.Broken;
            }
        }
    }

    /// <summary>Publishes up to <see cref="LongestBody"/> bytes, which it copies before it returns, behind what is on its way.</summary>
    /// <returns>Whether the broker has put them into the queue of the peer.</returns>
    private Task<bool> PublishAsync(OutputQueue output, out int count)
    {
        Task<bool>? behind = _publishing;
        byte[] body = ArrayPool<byte>.Shared.Rent(LongestBody);
        int length = 0;
        Add(output.First);
        Add(output.Second);
        Add(output.Third);
        count = length;
        return FinishAsync();

        void Add(ReadOnlySpan<byte> part)
        {
            part = part[..Math.Min(part.Length, LongestBody - length)];
            part.CopyTo(body.AsSpan(length));
            length += part.Length;
        }

        async Task<bool> FinishAsync()
        {
            try
            {
                if (behind is not null && !await behind.ConfigureAwait(false))
                {
                    return false;
                }

                await _session.PublishAsync(_peer, TunnelKind.Data, body.AsMemory(0, length)).ConfigureAwait(false);
                ArrayPool<byte>.Shared.Return(body);
                return true;
            }
            catch (FairleadException problem)
            {
                await OnLostAsync(problem).ConfigureAwait(false);
                return false;
            }
            finally
            {
                _room.Open();
            }
        }
    }

    private async Task<bool> EndAsync(Task<bool>? behind)
    {
        try
        {
            if (behind is not null && !await behind.ConfigureAwait(false))
            {
                return false;
            }

            await _session.PublishAsync(_peer, TunnelKind.End, default).ConfigureAwait(false);
            return true;
        }
        catch (FairleadException problem)
        {
            await OnLostAsync(problem).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Handles the loss of the peer, whose last messages may still come, or of the broker.</summary>
    private async ValueTask OnLostAsync(FairleadException problem)
    {
        _isOutputBroken = true;
        if (problem.Code == ErrorCode.PeerGone)
        {
            try
            {
                await _session.ResetBehindAsync(_peer).ConfigureAwait(false);
                return;
            }
            catch (FairleadException)
            {
                // The session is over, too.
            }
        }

        Break();
    }

    /// <summary>Leaves the session when everything has been published.</summary>
    private async Task LeaveAsync(Task? publishing)
    {
        await (publishing ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _session.Remove(_peer, this);
    }

    /// <summary>Ends both directions. Unread bytes can still be read.</summary>
    private void Break()
    {
        lock (_gate)
        {
            if (_incoming == Incoming.Open && !_isDisposed)
            {
                _incoming = Incoming.Broken;
                SayNews(true);
            }
        }
    }

    /// <summary>Makes the descriptor readable, or not. Under the lock.</summary>
    private void SayNews(bool says)
    {
        if (says != _saysNews)
        {
            _saysNews = says;
            if (says)
            {
                _news.Signal();
            }
            else
            {
                _news.Drain();
            }
        }
    }
}
