using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services.Tftp;

/// <summary>Serves the files of a folder by RFC 1350. Each transfer has a separate socket, and with it a separate port.</summary>
/// <param name="folder">The files.</param>
/// <param name="mode">Whether one transfer follows another, all run in this thread, or each in a separate one.</param>
/// <param name="most">How many transfers may run at the same time.</param>
/// <param name="once">Whether it ends after its first transfer.</param>
/// <param name="isVerbose">Whether it reports each transfer.</param>
internal sealed class TftpServer(TftpFolder folder, ServeMode mode, int most, bool once, bool isVerbose) : IDisposable
{
    private const int EventsAtOnce = 16;

    /// <summary>Small limits for each client, because any number of senders may be forged.</summary>
    private static readonly HubOptions Crowd = new()
    {
        MaxClients = MessageClients.Most,
        MaxMessageBytes = TftpPacket.LongestReceived,
        MaxUnreadBytes = 256 * 1024,
        MaxUnreadMessages = 16,
        OverflowPolicy = OverflowPolicy.DropNewest,
    };

    private readonly WaitSet _set = new();
    private readonly List<Hub> _hubs = [];

    // Only the mode of threads changes the sessions in several threads.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TftpSession> _sessions = [];
    private readonly ClientPlaces _places = new(most);
    private CancellationToken _cancellationToken;
    private TimeSpan _due = TimeSpan.MaxValue;
    private bool _isOver;

    /// <summary>Begins to listen.</summary>
    /// <returns>The address that was bound.</returns>
    public Address Listen(Address address)
    {
        if (mode == ServeMode.Process)
        {
            throw ToolException.Usage(
                $"{address}: a child process inherits a stream socket, which udp:// does not have. Use --mode threads");
        }

        if (address.Scheme != "udp" || address.Options.Count > 0)
        {
            throw ToolException.Usage($"{address}: tftp needs udp://host:port, without options");
        }

        var hub = Hub.Bind(address.With("framing", "none").With("idle", "10s"), Crowd);
        _hubs.Add(hub);
        _set.Attach(hub, state: (Action)(() => TakeRequests(hub)));
        return address.WithPort(hub.Address.Port!.Value);
    }

    /// <summary>Serves until the token is cancelled, or, with <c>--once</c>, until the first transfer has ended.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        StandardError.Open();
        _cancellationToken = cancellationToken;
        while (!_isOver)
        {
            foreach (var happened in _set.Wait(_due == TimeSpan.MaxValue ? null : TftpSession.Until(_due), cancellationToken))
            {
                ((Action)happened.State!)();
            }

            OnTime();
        }

        _places.WaitForAll(cancellationToken);
    }

    public void Dispose()
    {
        if (mode == ServeMode.Multiplexed)
        {
            foreach (var session in _sessions.Values)
            {
                session.Dispose();
            }
        }

        _hubs.ForEach(static hub => hub.Dispose());
        _set.Dispose();
    }

    /// <summary>Handles the requests that have arrived. Does not wait for others.</summary>
    private void TakeRequests(Hub hub)
    {
        for (var i = 0; i < EventsAtOnce && !_isOver && hub.NextEvent(TimeSpan.Zero) is { } happened; i++)
        {
            if (happened is not HubEvent.Said said)
            {
                continue;
            }

            byte[]? refusal;
            using (said.Message)
            {
                refusal = Answer(said.Message.Span, said.Client.Peer);
                said.Message.Accept();
            }

            if (refusal is not null)
            {
                Refuse(hub, said.Client, refusal);
            }
        }
    }

    private static void Refuse(Hub hub, HubClient client, byte[] refusal)
    {
        try
        {
            hub.TrySend(client, refusal);
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone)
        {
            // The request had to wait so long that its sender counts as gone.
        }
    }

    /// <summary>Begins a transfer, or returns the error packet for the client; null for neither.</summary>
    private byte[]? Answer(ReadOnlySpan<byte> packet, Peer peer)
    {
        switch (TftpPacket.KindOf(packet))
        {
            case TftpPacket.Error:
                // Errors are never answered: two servers would do so without end.
                return null;
            case TftpPacket.WriteRequest:
                return TftpPacket.ErrorOf(TftpError.Access, "this server is for reading only");
            case TftpPacket.ReadRequest when TftpPacket.TryParseRequest(packet, out var name, out var form):
                return form is "octet" or "netascii"
                    ? Begin(name, form, peer)
                    : TftpPacket.ErrorOf(TftpError.Illegal, "the mode must be octet or netascii");
            default:
                return TftpPacket.ErrorOf(TftpError.Illegal, "a read request is expected here");
        }
    }

    private byte[]? Begin(string name, string form, Peer peer)
    {
        var client = peer.RemoteAddress!;
        var request = $"{form} {name}";
        if (Running(client) is { } running)
        {
            if (running.Request == request && !running.IsLastSent)
            {
                // A request that was sent twice. The time-out sends the first block again.
                return null;
            }

            // The client uses its port for the next file, and the last acknowledgement of the former one was lost.
            if (mode == ServeMode.Multiplexed)
            {
                End(running);
            }
        }

        if (!_places.TryTake())
        {
            return TftpPacket.ErrorOf(TftpError.Other, "the server is busy with other transfers: try again later");
        }

        if (folder.Open(name, out var error, out var why) is not { } file)
        {
            _places.Release();
            return TftpPacket.ErrorOf(error, why);
        }

        TftpContent content = new(file, form == "netascii");
        TftpSession? session = null;
        try
        {
            session = new TftpSession(client, peer.LocalAddress, request, content);
            Start(session);
            return null;
        }
        catch (Exception exception) when (exception is FairleadException or OutOfMemoryException or ThreadStartException)
        {
            // A limit of the system: this client is refused, the others stay.
            ErrorLine.Write($"{client} was refused: {exception.Message}");
            if (session is null)
            {
                content.Dispose();
                _places.Release();
            }
            else
            {
                End(session);
            }

            return TftpPacket.ErrorOf(TftpError.Other, "the server has reached a limit of its system: try again later");
        }
    }

    private TftpSession? Running(string client)
    {
        lock (_gate)
        {
            return _sessions.GetValueOrDefault(client);
        }
    }

    private void Start(TftpSession session)
    {
        if (isVerbose)
        {
            ErrorLine.WriteBare($"begin {session.Client}: {session.Request}");
        }

        lock (_gate)
        {
            _sessions[session.Client] = session;
        }

        switch (mode)
        {
            case ServeMode.Threads:
                new Thread(() => RunAlone(session)) { IsBackground = true, Name = "transfer" }.Start();
                break;
            case ServeMode.Iterative:
                RunAlone(session);
                break;
            default:
                session.AttachTo(_set, () => Go(session));
                session.Begin();
                _due = session.Deadline < _due ? session.Deadline : _due;
                EndIfOver(session);
                break;
        }

        if (mode != ServeMode.Multiplexed)
        {
            _isOver |= once;
        }
    }

    private void RunAlone(TftpSession session)
    {
        try
        {
            session.Run(_cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server ends, and says so itself.
        }
        catch (FairleadException exception)
        {
            ErrorLine.Write($"{session.Client} was not served to the end: {exception.Message}");
        }

        End(session);
    }

    private void Go(TftpSession session)
    {
        // A new request of the same client may have ended it since the wait.
        if (!session.IsDisposed)
        {
            session.Go(TimeSpan.Zero, _cancellationToken);
            EndIfOver(session);
        }
    }

    /// <summary>Sends blocks again whose time is over, and finds the next such moment. A deadline never moves to an earlier one.</summary>
    private void OnTime()
    {
        if (TftpSession.Now() < _due)
        {
            return;
        }

        _due = TimeSpan.MaxValue;
        foreach (var session in _sessions.Values.ToArray())
        {
            session.OnTime();
            EndIfOver(session);
            _due = !session.IsOver && session.Deadline < _due ? session.Deadline : _due;
        }
    }

    private void EndIfOver(TftpSession session)
    {
        if (session.IsOver)
        {
            End(session);
            _isOver |= once;
        }
    }

    private void End(TftpSession session)
    {
        lock (_gate)
        {
            // In the mode of threads, the next transfer of the same client may have begun.
            if (_sessions.GetValueOrDefault(session.Client) == session)
            {
                _sessions.Remove(session.Client);
            }
        }

        if (isVerbose)
        {
            ErrorLine.WriteBare($"end {session.Report}");
        }

        session.Dispose();
        _places.Release();
    }
}
