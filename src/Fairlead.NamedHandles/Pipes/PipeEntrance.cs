using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// The socket of one instance. It exists while the instance has no client: the first client that has said what it wants is taken, and all
/// others see the socket close and go to another instance. Clients are taken before the server waits for one, as on Windows.
/// </summary>
internal sealed class PipeEntrance(PipeInstance instance, PipeTerms terms) : IPipeEntrance, IReactorClient
{
    private const int Backlog = 16;

    // Connections that have not said anything yet. One that says nothing must not keep others away.
    private const int MostSilent = 64;

    private readonly RankedLock _gate = new(LockRank.PipeEntrance);
    private readonly List<ArrivingClient> _arriving = [];
    private TaskCompletionSource<PipeLink>? _next;
    private Descriptor? _socket;
    private Registration? _registration;
    private bool _isDisposed;

    /// <inheritdoc/>
    public Task<PipeLink> Open()
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_next is { Task.IsCompleted: false } or { Task.IsCompletedSuccessfully: true })
            {
                return _next.Task;
            }

            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                Listen();
            }
            catch
            {
                CloseSocket();
                _next = null;
                throw;
            }

            return _next.Task;
        }
    }

    /// <inheritdoc/>
    public void Take()
    {
        using (_gate.Hold())
        {
            _next = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            CloseSocket();
            if (_next is not null && !_next.TrySetException(PipeErrors.Closed()) && _next.Task.IsCompletedSuccessfully)
            {
                // A client that the server never asked for.
                _next.Task.Result.Dispose();
            }
        }

        instance.Dispose();
    }

    void IReactorClient.OnReady(PollEvents events)
    {
        using (_gate.Hold())
        {
            while (_socket is not null)
            {
                Descriptor? client = NativeSocket.Accept(_socket, out Errno error);
                if (client is null)
                {
                    if (error == Errno.EAGAIN)
                    {
                        _registration!.Arm(PollEvents.Read);
                    }
                    else
                    {
                        Fail(ErrnoMap.Failure("cannot accept a client", error));
                    }

                    return;
                }

                Receive(client);
            }
        }
    }

    void IReactorClient.OnFailed(Exception exception)
    {
        using (_gate.Hold())
        {
            Fail(exception);
        }
    }

    /// <summary>Serves a client that has said what it wants.</summary>
    internal void Greet(ArrivingClient client)
    {
        using (_gate.Hold())
        {
            // Otherwise another client was first, and this one goes on looking.
            if (!_arriving.Remove(client) || _socket is null)
            {
                client.Dispose();
                return;
            }

            bool isWelcome = PipeGreeting.Fits(terms.Direction, client.Direction);
            IoResult answered = client.Socket.Write(PipeGreeting.OfServer(terms, isWelcome));
            if (!isWelcome || !answered.Ok)
            {
                client.Dispose();
                return;
            }

            CloseSocket();
            _next!.TrySetResult(PipeLink.Of(client.Release(), terms.Mode, terms.OutBufferSize));
        }
    }

    /// <summary>Forgets a client that has left, or that is none.</summary>
    internal void Drop(ArrivingClient client)
    {
        using (_gate.Hold())
        {
            _arriving.Remove(client);
            client.Dispose();
        }
    }

    private void Receive(Descriptor socket)
    {
        // Who may enter the directory is this user, or the superuser.
        if (terms.CurrentUserOnly && NativeSocket.Credentials(socket)?.UserId != NativeProcess.UserId)
        {
            socket.Dispose();
            return;
        }

        if (_arriving.Count == MostSilent)
        {
            _arriving[0].Dispose();
            _arriving.RemoveAt(0);
        }

        ArrivingClient client = new(this, socket);
        _arriving.Add(client);
        client.Begin();
    }

    private void Listen()
    {
        _socket = NativeSocket.Create(
            AddressFamily.Unix,
            terms.Mode == System.IO.Pipes.PipeTransmissionMode.Message ? NativeSocketType.SeqPacket : NativeSocketType.Stream);
        string unfinished = instance.Path + PipeFolder.Unfinished;
        _ = NativeFile.Unlink(unfinished);
        Errno error = Bind(unfinished);
        error = error == Errno.None ? NativeFile.Chmod(unfinished, RuntimeDirectory.PrivateFile) : error;
        error = error == Errno.None ? NativeSocket.Listen(_socket, Backlog) : error;

        // Under this name clients find it, and it already answers.
        error = error == Errno.None ? NativeFile.Rename(unfinished, instance.Path + PipeFolder.SocketEnding(terms.Mode)) : error;
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure($"cannot listen on {instance.Path}", error);
        }

        _registration = Reactor.Shared.Register(_socket, this);
        _registration.Arm(PollEvents.Read);
    }

    private Errno Bind(string path)
    {
        if (SocketName.Fits(path))
        {
            using SocketName name = SocketName.Of(path);
            return NativeSocket.Bind(_socket!, name.Address);
        }

        int slash = path.LastIndexOf('/');
        using Descriptor? folder = NativeFile.Open(path[..slash], OpenFlags.ReadOnly | OpenFlags.Directory, out Errno error);
        if (folder is null)
        {
            return error;
        }

        using SocketName through = SocketName.Of($"{SocketName.Through(folder)}/{path[(slash + 1)..]}");
        return NativeSocket.Bind(_socket!, through.Address);
    }

    private void Fail(Exception exception)
    {
        CloseSocket();
        _next?.TrySetException(exception);
    }

    // The name first: who finds it gets an answer.
    private void CloseSocket()
    {
        if (_socket is not null)
        {
            _ = NativeFile.Unlink(instance.Path + PipeFolder.SocketEnding(terms.Mode));
            _registration?.Dispose();
            _registration = null;
            _socket.Dispose();
            _socket = null;
        }

        foreach (ArrivingClient client in _arriving)
        {
            client.Dispose();
        }

        _arriving.Clear();
    }
}
