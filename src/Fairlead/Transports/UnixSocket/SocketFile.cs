using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

/// <summary>
/// A socket that is bound to a path, and the file that stands for it. The kernel leaves the file behind when the process dies, and refuses
/// the name from then on; this takes it over, when it is a socket, ours, and nobody answers, and never otherwise.
/// </summary>
internal sealed partial class SocketFile : IDisposable
{
    private const uint AllRights = 0b111_111_111;

    private readonly string _path;
    private int _disposed;

    private SocketFile(string path, Descriptor listener, FileIdentity identity)
    {
        _path = path;
        Listener = listener;
        Identity = identity;
    }

    /// <summary>The bound socket; listening, unless it is a datagram socket. Closed by <see cref="Dispose"/>.</summary>
    public Descriptor Listener { get; }

    /// <summary>Which file it is: what an <see cref="EndpointEntry"/> is told, so that others find the holder.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Binds and listens.</summary>
    /// <param name="path">The absolute path of the file to be made. May be longer than a socket address can hold.</param>
    /// <param name="type">The type of socket.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="address">What the user calls the place; for errors.</param>
    /// <param name="mode">Who may connect: the file's permissions.</param>
    /// <param name="directory">The runtime directory whose registry is asked for a holder, when it is not the current one.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: somebody answers there, or the file is no socket; nothing was touched. PermissionDenied: it belongs to another user,
    /// or the directory does. NotFound: there is no such directory. Unavailable: somebody holds the lock of the directory.
    /// </exception>
    public static SocketFile Bind(
        string path,
        NativeSocketType type,
        int backlog,
        Address address,
        uint mode = 0b110_000_000,
        RuntimeDirectory? directory = null
    ) => EndingHolder.Outlast(() => BindOnce(path, type, backlog, address, mode, directory), isHeldByDescriptors: false);

    /// <summary>Begins to connect a socket to a path of any length; the results of <see cref="NativeSocket.Connect"/>.</summary>
    public static Errno Connect(Descriptor socket, string path)
    {
        using var name = SocketName.OfExisting(path, out var error);
        return name is null ? error : NativeSocket.Connect(socket, name.Address);
    }

    /// <summary>Removes the file, if the path still means it, and closes the socket.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // The file goes first, while the socket still answers: so nobody can have taken the name over before, and it is ours that is
        // removed. When the lock is not to be had the file stays; it is stale then, and the next server takes it over.
        var parent = _path[..Math.Max(1, _path.LastIndexOf('/'))];
        try
        {
            using var locked = DirectoryLock.TryTake(parent, TimeSpan.FromSeconds(1), out _);
            if (locked is not null)
            {
                Unlink();
            }
        }
        finally
        {
            Listener.Dispose();
        }
    }

    private static SocketFile BindOnce(
        string path, NativeSocketType type, int backlog, Address address, uint mode, RuntimeDirectory? directory)
    {
        var slash = path.LastIndexOf('/');
        var parent = slash == 0 ? "/" : path[..slash];

        // Held until the socket listens: a server that is half bound looks like a dead one.
        using var locked =
            DirectoryLock.TryTake(parent, DirectoryLock.Patience, out var error) ?? throw TakenPlace.NoDirectory(parent, error, address);
        MakeWay(path, type, address, directory);

        var listener = NativeSocket.Create(AddressFamily.Unix, type);
        try
        {
            // Before bind, so that at no moment more may connect than shall.
            _ = NativeFile.Fchmod(listener, mode);
            error = BindTo(listener, locked.Directory, path, path[(slash + 1)..]);
            if (error != Errno.None)
            {
                throw (
                    error is Errno.EADDRINUSE or Errno.EEXIST
                        ? new FairleadException(ErrorCode.AlreadyExists, "is taken: something was made there at this moment", "Try again.")
                        {
                            Errno = (int)error,
                        }
                        : ErrnoMap.Failure("cannot be bound", error)).At(address);
            }

            var identity = FileIdentity.At(path);
            var file = new SocketFile(path, listener, identity);
            try
            {
                // The umask may have taken away what was asked for.
                if (NativeFile.Lstat(path) is { Kind: FileKind.Socket } made && (made.Mode & AllRights) != mode)
                {
                    _ = NativeFile.Chmod(path, mode);
                }

                if (type != NativeSocketType.Datagram && NativeSocket.Listen(listener, backlog) is var refused and not Errno.None)
                {
                    throw ErrnoMap.Failure("cannot be listened at", refused).At(address);
                }

                return file;
            }
            catch
            {
                file.Unlink();
                throw;
            }
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static Errno BindTo(Descriptor socket, Descriptor directory, string path, string name)
    {
        if (SocketName.Fits(path))
        {
            return NativeSocket.Bind(socket, SocketName.Of(path).Address);
        }

        var through = SocketName.Through(directory);
        if (SocketName.Fits($"{through}/{name}"))
        {
            return NativeSocket.Bind(socket, SocketName.Of($"{through}/{name}").Address);
        }

        // Even the name alone is too long. Bound under a short one it is given the long one as a second name, which, unlike renaming, never
        // replaces anything.
        var temporary = $"{through}/.{Guid.NewGuid():N}";
        var error = NativeSocket.Bind(socket, SocketName.Of(temporary).Address);
        if (error == Errno.None)
        {
            error = NativeFile.Link(temporary, path);
            _ = NativeFile.Unlink(temporary);
        }

        return error;
    }

    private void Unlink()
    {
        if (Identity != FileIdentity.None && FileIdentity.At(_path) == Identity)
        {
            _ = NativeFile.Unlink(_path);
        }
    }
}
