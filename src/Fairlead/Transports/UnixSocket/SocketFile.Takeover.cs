using System.Globalization;
using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

// Looking at what stands at the path, and removing it when it is ours and dead. The lock of the directory is held meanwhile.
internal sealed partial class SocketFile
{
    private static void MakeWay(string path, NativeSocketType type, Address address, RuntimeDirectory? directory)
    {
        if (NativeFile.Lstat(path, out var error) is not { } status)
        {
            if (error == Errno.ENOENT)
            {
                return;
            }

            throw ErrnoMap.Failure("cannot be looked at", error).At(address);
        }

        if (status.Kind != FileKind.Socket)
        {
            var where = address.IsPath ? "" : $" ({path})";
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"is {TakenPlace.KindName(status.Kind)}{where}, not a socket",
                "Fairlead never replaces what it did not make: choose another name, or remove it yourself.").At(address);
        }

        if (Published(status, address, directory) is { } published)
        {
            throw TakenPlace.Held(published, "ss -xlp", address);
        }

        switch (Probe(path, type, out var holder))
        {
            case ProbeResult.Answered:
                throw TakenPlace.Held(holder, "ss -xlp", address);

            case ProbeResult.Refused when status.Uid != NativeProcess.UserId:
                throw new FairleadException(
                    ErrorCode.PermissionDenied,
                    string.Create(CultureInfo.InvariantCulture, $"is a socket of uid {status.Uid}, at which nobody answers"),
                    "Have it removed by its owner, or choose another name.").At(address);

            case ProbeResult.Forbidden:
                throw new FairleadException(
                    ErrorCode.PermissionDenied,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"is a socket of uid {status.Uid} that may not be connected to, so that it is unknown whether anybody answers"),
                    "Choose another name, or have it removed by its owner."
                ).At(address);

            case ProbeResult.Refused when FileIdentity.At(path) == FileIdentity.Of(status):
                error = NativeFile.Unlink(path);
                if (error is not (Errno.None or Errno.ENOENT))
                {
                    throw ErrnoMap.Failure("is the socket of a dead process, and cannot be removed", error).At(address);
                }

                break;
        }
    }

    // Whoever is in the registry is not disturbed by a connection that only looks. What the registry does not know, the kernel does.
    private static Holder? Published(FileStatus status, Address address, RuntimeDirectory? directory)
    {
        try
        {
            directory ??= RuntimeDirectory.Current();
            return EndpointRegistry.FindSocketHolder(FileIdentity.Of(status), address, directory)?.Holder;
        }
        catch (FairleadException)
        {
            // No registry that could be trusted: the probe alone decides.
            return null;
        }
    }

    private static ProbeResult Probe(string path, NativeSocketType type, out Holder? holder)
    {
        holder = null;
        var result = ProbeResult.Refused;
        NativeSocketType[] types = [type, .. Enum.GetValues<NativeSocketType>().Where(other => other != type)];
        foreach (var kind in types)
        {
            using var socket = NativeSocket.Create(AddressFamily.Unix, kind);
            switch (Connect(socket, path))
            {
                case Errno.None or Errno.EINPROGRESS:
                    holder = NativeSocket.Credentials(socket) is { ProcessId: > 0 } credentials
                        ? new Holder(new Peer
                        {
                            ProcessId = credentials.ProcessId,
                            UserId = credentials.UserId,
                            GroupId = credentials.GroupId,
                            Program = NativeProcess.CommandLine(credentials.ProcessId),
                        })
                        : null;
                    return ProbeResult.Answered;

                // A full backlog, or a datagram socket that listens to another: they live.
                case Errno.EAGAIN or Errno.EPERM:
                    return ProbeResult.Answered;

                // A living socket of another type; asked by its own, it says who it is.
                case Errno.EPROTOTYPE:
                    result = ProbeResult.Answered;
                    continue;

                case Errno.ECONNREFUSED:
                    return ProbeResult.Refused;

                case Errno.ENOENT:
                    return ProbeResult.Gone;

                default:
                    return ProbeResult.Forbidden;
            }
        }

        return result;
    }

    private enum ProbeResult
    {
        /// <summary>Somebody lives there.</summary>
        Answered,

        /// <summary>The socket of a process that has ended.</summary>
        Refused,

        /// <summary>It went away meanwhile.</summary>
        Gone,

        /// <summary>The kernel does not let us ask.</summary>
        Forbidden,
    }
}
