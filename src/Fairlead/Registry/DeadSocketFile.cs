using System.Net.Sockets;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>The socket file that a dead endpoint left: the kernel keeps it when its server is killed.</summary>
internal static class DeadSocketFile
{
    private const int LongestPath = 107;

    /// <summary>
    /// Removes the file if it is the one that the dead endpoint made, still ours, and nobody answers there. False when that could not be
    /// found out now and is to be tried again.
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
            // None, or not the same file any more. A path too long for a plain look waits for the next server of that name.
            return true;
        }

        // Whoever takes names over in this directory holds the lock; then it is he who looks after the file.
        using var locked = DirectoryLock.TryTake(path[..Math.Max(1, path.LastIndexOf('/'))], TimeSpan.Zero, out var error);
        if (locked is null)
        {
            return error != Errno.None;
        }

        // The number of a file that was removed may be given to the next one at the same path: only a socket that refuses is dead.
        if (NativeFile.Lstat(path) is not { Kind: FileKind.Socket } status
            || status.Uid != NativeProcess.UserId
            || FileIdentity.Of(status) != dead.Socket)
        {
            return true;
        }

        // Who answers lives, or is not quite dead yet.
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
                    // Somebody's, but of another type.
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
