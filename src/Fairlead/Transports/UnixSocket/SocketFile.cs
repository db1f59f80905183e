using System.Net.Sockets;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

/// <summary>A socket bound to a path, and its file.</summary>
/// <remarks>
/// The kernel leaves the file behind when the process dies, and from then on refuses the name. This type takes over the file if it is a
/// socket that Fairlead created for this user and no process has. Another program's dead socket needs <c>?replace=true</c>.
/// </remarks>
internal sealed partial class SocketFile : IDisposable
{
    private const string ReplaceOption = "replace";

    private readonly string _path;
    private int _disposed;

    private SocketFile(string path, Descriptor listener, FileIdentity identity)
    {
        _path = path;
        Listener = listener;
        Identity = identity;
    }

    /// <summary>The options of addresses with a socket file.</summary>
    public static string[] Options { get; } = [.. PlaceMode.Options, ReplaceOption];

    /// <summary>The bound socket; it listens unless it is a datagram socket. Closed by <see cref="Dispose"/>.</summary>
    public Descriptor Listener { get; }

    /// <summary>The identity of the file, for the <see cref="EndpointEntry"/> by which other processes find the holder.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Binds and listens.</summary>
    /// <param name="path">The absolute path of the new file. May be longer than a socket address can hold.</param>
    /// <param name="type">The type of socket.</param>
    /// <param name="backlog">The most connections that wait to be accepted.</param>
    /// <param name="address">The address, for errors.</param>
    /// <param name="mode">The file's permissions, which say who may connect.</param>
    /// <param name="directory">The runtime directory of the registry, if it is not the current one.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: a process answers there, or the file is not a socket; nothing was changed. PermissionDenied: the file or its
    /// directory belongs to another user. NotFound: the directory does not exist. Unavailable: another process holds the lock of the
    /// directory.
    /// </exception>
    public static SocketFile Bind(
        string path,
        NativeSocketType type,
        int backlog,
        Address address,
        uint mode = 0b110_000_000,
        RuntimeDirectory? directory = null
    ) => EndingHolder.Outlast(() => BindOnce(path, type, backlog, address, mode, directory), isHeldByDescriptors: false);

    /// <summary>Begins to connect a socket to a path of any length. Returns the results of <see cref="NativeSocket.Connect"/>.</summary>
    public static Errno Connect(Descriptor socket, string path)
    {
        using var name = SocketName.OfExisting(path, out var error);
        return name is null ? error : NativeSocket.Connect(socket, name.Address);
    }

    /// <summary>Removes the file if the path still means it, and closes the socket.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // Remove the file first, while the socket still answers: no other process can have taken over the name, and the file is this one's.
        // Without the lock the file stays. It is then stale, and the next server takes it over.
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
        // An invalid option is an error also where it would have no effect.
        _ = address.Bool(ReplaceOption);
        var slash = path.LastIndexOf('/');
        var parent = slash == 0 ? "/" : path[..slash];

        // Held until the socket listens: a partly bound server looks like a dead one.
        using var locked =
            DirectoryLock.TryTake(parent, DirectoryLock.Patience, out var error) ?? throw TakenPlace.NoDirectory(parent, error, address);
        MakeWay(path, type, address, directory);

        var listener = NativeSocket.Create(AddressFamily.Unix, type);
        try
        {
            // Before bind, so the socket is never accessible to more users than allowed.
            _ = NativeFile.Fchmod(listener, SocketMark.ModeOfNew(mode));
            error = BindTo(listener, locked.Directory, path, path[(slash + 1)..]);
            if (error != Errno.None)
            {
                throw (
                    error is Errno.EADDRINUSE or Errno.EEXIST
                        ? new FairleadException(
                            ErrorCode.AlreadyExists, "is in use: another process created it at the same moment", "Try again.")
                        {
                            Errno = (int)error,
                        }
                        : ErrnoMap.Failure("cannot be bound", error)).At(address);
            }

            var identity = FileIdentity.At(path);
            var file = new SocketFile(path, listener, identity);
            try
            {
                SocketMark.Put(path, mode);
                if (type != NativeSocketType.Datagram && NativeSocket.Listen(listener, backlog) is var refused and not Errno.None)
                {
                    throw ErrnoMap.Failure("cannot listen", refused).At(address);
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

        // Even the name alone is too long. Bind under a short name, and then add the long one as a second link, which, unlike renaming,
        // never replaces a file.
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
