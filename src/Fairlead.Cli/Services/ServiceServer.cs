using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>Serves clients at several addresses, in one thread that sleeps in one wait set.</summary>
/// <param name="service">The service; null if a command serves the clients.</param>
/// <param name="mode">How clients on stream sockets are served.</param>
/// <param name="workers">The processes or threads that serve clients; null in the other modes.</param>
/// <param name="once">Whether it ends after its first client.</param>
/// <param name="isVerbose">Whether it reports both ends of each connection.</param>
internal sealed class ServiceServer(Service? service, ServeMode mode, IClientWorkers? workers, bool once, bool isVerbose) : IDisposable
{
    /// <summary>After a client was refused by a limit of the system.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Up to its queue, an answer waits for its client; beyond that, a send returns immediately and says so.</summary>
    private static readonly HubOptions Crowd = new() { MaxClients = MessageClients.Most, OverflowPolicy = OverflowPolicy.DropNewest };

    private readonly WaitSet _set = new();
    private readonly List<IDisposable> _open = [];
    private readonly List<WaitAttachment> _listening = [];
    private readonly HashSet<MultiplexedClient> _clients = [];
    private CancellationToken _cancellationToken;
    private bool _hasAccepted;
    private bool _isFull;
    private bool _isShort;
    private bool _isOver;

    private Service Service => service!;

    /// <summary>Begins to listen at an address.</summary>
    /// <returns>The address that was bound.</returns>
    /// <exception cref="ToolException">Usage: the service does not go over this transport.</exception>
    public Address Listen(Address address)
    {
        switch (address.Scheme)
        {
            case "tcp" or "unix" or "fd":
                return Listen(Opened(SocketListener.Bind(address)));
            case var scheme when mode == ServeMode.Process:
                throw ToolException.Usage(
                    $"{address}: a child process inherits a stream socket, which {scheme}:// does not have. Use tcp:// or unix://");
            case "udp" or "unixpacket":
                var plain = Plain(address);
                return Hear(Opened(Hub.Bind(plain, Crowd)), plain.Scheme == "udp" && plain.Option("framing") == "none");
            case "tls":
                return Hear(Opened(Hub.Bind(Plain(address), Crowd)), isDatagram: false);
            case "shm" or "inproc":
                return Hear(Opened(Hub.Bind(address, Crowd)), isDatagram: false);
            case "fifo":
                return Opened(new FifoServing(_set, Service, Plain(address), EndIfOnce)).Address;
            case "unixgram":
                return Answer(Opened(DatagramSocket.Bind(address)));
            default:
                throw ToolException.Usage($"{address}: services go over tcp, tls, udp, unix, unixpacket, unixgram, fifo and shm");
        }
    }

    /// <summary>Serves until the token is cancelled, or, with <c>--once</c>, until the first client has gone.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        StandardError.Open();
        _cancellationToken = cancellationToken;
        workers?.Places.OnRelease(_set.Wake);
        while (!_isOver)
        {
            foreach (var happened in _set.Wait(null, cancellationToken))
            {
                ((Action)happened.State!)();
            }

            if (_isFull && workers!.Places.HasFree)
            {
                _isFull = false;
                ListenAgain();
            }
        }

        workers?.Places.WaitForAll(cancellationToken);
    }

    /// <summary>Serves one client until it has disconnected, and no other before.</summary>
    public static void ServeAlone(ByteSession session, CancellationToken cancellationToken)
    {
        using (session)
        using (WaitSet alone = new())
        {
            using MultiplexedClient client = new(alone, session, static _ => { });
            client.Go();
            while (alone.Count > 0)
            {
                foreach (var happened in alone.Wait(null, cancellationToken))
                {
                    ((Action)happened.State!)();
                }
            }
        }
    }

    public void Dispose()
    {
        workers?.Places.OnRelease(null);
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        foreach (var open in _open)
        {
            open.Dispose();
        }

        _set.Dispose();
    }

    /// <summary>Where programs know nothing of Fairlead, messages are the packets themselves, or bytes.</summary>
    private static Address Plain(Address address)
    {
        if (address.Option("reliable") == "true")
        {
            return address;
        }

        Address plain = address.Option("framing") is null ? address.With("framing", "none") : address;
        return address.Scheme == "udp" && address.Option("idle") is null ? plain.With("idle", "10s") : plain;
    }

    private T Opened<T>(T open)
        where T : IDisposable
    {
        _open.Add(open);
        return open;
    }

    private Address Listen(SocketListener listener)
    {
        WaitFor(listener);
        return listener.Address;
    }

    private void WaitFor(SocketListener listener) => _listening.Add(_set.Attach(listener.Handle, state: (Action)(() => Accept(listener))));

    private Address Hear(Hub hub, bool isDatagram)
    {
        DatagramGuard? guard = isDatagram ? new DatagramGuard(hub.Address.Port ?? 0, TimeProvider.System) : null;
        MessageClients clients = new(hub, Service, guard, EndIfOnce);
        _set.Attach(hub, state: (Action)clients.Go);
        return hub.Address;
    }

    private Address Answer(DatagramSocket socket)
    {
        DatagramClients clients = new(socket, Service, EndIfOnce);
        _set.Attach(socket.Handle, state: (Action)clients.Go);
        return socket.Address;
    }

    private void Accept(SocketListener listener)
    {
        if (once && _hasAccepted)
        {
            return;
        }

        if (workers?.Places.TryTake() == false)
        {
            // The clients wait in the kernel's queue, and the other addresses are served meanwhile.
            StopListening();
            _isFull = true;
            return;
        }

        if (TryAccept(listener) is not { } connection)
        {
            workers?.Places.Release();
            return;
        }

        _hasAccepted = true;
        if (once)
        {
            StopListening();
        }

        try
        {
            Serve(connection, listener);
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.Unavailable)
        {
            // This client needed a descriptor more than the process may have. The others stay.
            connection.Dispose();
            ErrorLine.Write($"a client was disconnected: {exception.Message}");
            EndIfOnce();
        }
    }

    private void Serve(SocketConnection connection, SocketListener listener)
    {
        if (isVerbose)
        {
            ErrorLine.WriteBare($"local {connection.LocalAddress ?? listener.Address.ToString()}, peer {connection.Peer}");
        }

        if (workers is not null)
        {
            workers.Start(connection, listener, _cancellationToken);
            EndIfOnce();
        }
        else if (mode == ServeMode.Iterative)
        {
            ServeAlone(new ByteSession(connection, Service), _cancellationToken);
            EndIfOnce();
        }
        else
        {
            MultiplexedClient client = new(_set, new ByteSession(connection, Service), Forget);
            _clients.Add(client);
            try
            {
                client.Go();
            }
            catch
            {
                _clients.Remove(client);
                throw;
            }
        }
    }

    private SocketConnection? TryAccept(SocketListener listener)
    {
        try
        {
            if (!listener.TryAccept(out var connection))
            {
                return null;
            }

            _isShort = false;
            return connection;
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.Unavailable)
        {
            // The client waits on, and the socket stays readable: without a pause, the loop would keep the processor busy.
            if (!_isShort)
            {
                ErrorLine.Write($"clients have to wait: {exception.Message}");
                _isShort = true;
            }

            StopListening();
            _set.AttachTimer(Pause, (Action)ListenAgain);
            return null;
        }
    }

    private void StopListening()
    {
        foreach (var attachment in _listening)
        {
            attachment.Dispose();
        }

        _listening.Clear();
    }

    private void ListenAgain()
    {
        StopListening();
        foreach (var listener in _open.OfType<SocketListener>())
        {
            WaitFor(listener);
        }
    }

    private void Forget(MultiplexedClient client)
    {
        _clients.Remove(client);
        EndIfOnce();
    }

    private void EndIfOnce() => _isOver |= once;
}
