using System.Net.Sockets;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Registry;

/// <summary>The socket file of a dead endpoint: the kernel keeps it when its server is killed.</summary>
internal static class DeadSocketFile
{
    private const int LongestPath = 107;

    /// <summary>
    /// Removes the file if the dead endpoint created it, it still belongs to this user, and no server answers there. False if that could
    /// not be determined now and must be tried again.
    /// </summary>
    public static bool TryRemove(EndpointInfo dead, RuntimeDirectory directory)
    {
        if (!dead.IsBound
            || dead.Socket == FileIdentity.None
            || dead.IsAddressCut
            || !Address.TryParse(dead.Address, out var address)
            || directory.PathOf(address) is not { } path
            || Encoding.UTF8.GetByteCount(path) > LongestPath
            || FileIdentity.At(path) != dead.Socket)
        {
            // There is none, or it is another file by now. A path too long for a plain check waits for the next server of that name.
            return true;
        }

        // A server that takes over names in this directory holds the lock; then it handles the file.
        using var locked = DirectoryLock.TryTake(path[..Math.Max(1, path.LastIndexOf('/'))], TimeSpan.Zero, out var error);
        if (locked is null)
        {
            return error is not (Errno.None or Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM);
        }

        // A new file at the same path may get the number of a removed one: only a socket that refuses connections is dead.
        if (NativeFile.Lstat(path) is not { Kind: FileKind.Socket } status
            || status.Uid != NativeProcess.UserId
            || FileIdentity.Of(status) != dead.Socket
            || !SocketMark.IsOn(path, status))
        {
            return true;
        }

        // A server that answers lives, or is not quite dead yet.
        return Refuses(path) && NativeFile.Unlink(path) is Errno.None or Errno.ENOENT;
    }

    private static bool Refuses(string path)
    {
        var name = new UnixDomainSocketEndPoint(path).Serialize();
        foreach (
            var type in (ReadOnlySpan<NativeSocketType>)[NativeSocketType.Stream, NativeSocketType.SeqPacket, NativeSocketType.Datagram])
        {
            using var probe = NativeSocket.Create(AddressFamily.Unix, type);
            switch (NativeSocket.Connect(probe, name))
            {
                case Errno.EPROTOTYPE:
                    // The socket of another server, of another type.
                    continue;
                case Errno.ECONNREFUSED:
                    return true;
                default:
                    return false;
            }
        }

        return false;
    }
}
