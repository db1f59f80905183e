using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// The socket at a path, as the platform's own servers on Linux have it: all instances of this process share it, and another process cannot
/// have it too. A client is connected as soon as it waits in the queue of the socket.
/// </summary>
internal sealed class PathServer : IDisposable
{
    private const int Backlog = 128;

    private static readonly RankedLock Gate = new(LockRank.PathServers);
    private static readonly Dictionary<string, PathServer> Servers = [];

    private readonly string _path;
    private readonly SocketFile _file;
    private readonly SocketWaits _waits;
    private readonly SemaphoreSlim _accepting = new(1, 1);
    private readonly int _most;
    private int _instances;

    private PathServer(PipeName name, PipeTerms terms)
    {
        _path = name.Text;
        _most = terms.MostInstances;
        try
        {
            _file = SocketFile.Bind(name.Text, NativeSocketType.Stream, Backlog, AddressOf(name.Text));
        }
        catch (FairleadException denied) when (denied.Code == ErrorCode.PermissionDenied)
        {
            throw new UnauthorizedAccessException($"Access is denied: {denied.Message}", denied);
        }

        _waits = new(_file.Listener);
    }

    /// <summary>Begins an instance: the first one of a path binds it. The caller disposes the result.</summary>
    /// <exception cref="IOException">The path has all instances that its first one allows, or another process has it.</exception>
    /// <exception cref="UnauthorizedAccessException">There is an instance, and the new one should be the first.</exception>
    public static PathServer Enter(PipeName name, PipeTerms terms)
    {
        using (Gate.Hold())
        {
            if (!Servers.TryGetValue(name.Text, out PathServer? server))
            {
                server = new(name, terms);
                Servers.Add(name.Text, server);
            }
            else if (terms.FirstOnly)
            {
                throw new UnauthorizedAccessException(
                    $"Access is denied: {name} has an instance already, and PipeOptions.FirstPipeInstance asks for the first one.");
            }
            else if (server._most != NamedPipeServerStream.MaxAllowedServerInstances && server._instances >= server._most)
            {
                throw PipeErrors.AllBusy(name, server._most);
            }

            server._instances++;
            return server;
        }
    }

    /// <summary>Returns how many instances of a path this process has.</summary>
    public static int Count(PipeName name)
    {
        using (Gate.Hold())
        {
            return Servers.TryGetValue(name.Text, out PathServer? server) ? server._instances : 0;
        }
    }

    /// <summary>Accepts the next client.</summary>
    public async Task<PipeLink> AcceptAsync(PipeTerms terms, CancellationToken cancellationToken)
    {
        await _accepting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Descriptor? client = NativeSocket.Accept(_file.Listener, out Errno error);
                if (client is null && error != Errno.EAGAIN)
                {
                    throw ErrnoMap.Failure($"cannot accept a client of {_path}", error);
                }

                if (client is null)
                {
                    await _waits.UntilAsync(PollEvents.Read, cancellationToken).ConfigureAwait(false);
                }
                else if (terms.CurrentUserOnly && NativeSocket.Credentials(client)?.UserId != NativeProcess.UserId)
                {
                    client.Dispose();
                }
                else
                {
                    return PipeLink.Of(client, terms.Mode, terms.OutBufferSize);
                }
            }
        }
        finally
        {
            _accepting.Release();
        }
    }

    private static Address AddressOf(string path) =>
        Address.Parse($"unix://{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>Ends one instance. The last one releases the path.</summary>
    public void Dispose()
    {
        using (Gate.Hold())
        {
            if (--_instances > 0)
            {
                return;
            }

            // Inside the lock: the next instance of this process binds the path again.
            _ = Servers.Remove(_path);
            _waits.Dispose();
            _file.Dispose();
        }
    }
}
