using System.Globalization;
using System.Net.Sockets;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Registry;

namespace Fairlead.Transports.UnixSocket;

// Inspects the file at the path, and removes it if Fairlead created it for this user and its process is dead. The caller allows it to
// remove the dead socket of another program by ?replace=true. Called under the directory's lock.
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

            throw ErrnoMap.Failure("cannot be inspected", error).At(address);
        }

        if (status.Kind != FileKind.Socket)
        {
            var where = address.IsPath ? "" : $" ({path})";
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"is {TakenPlace.KindName(status.Kind)}{where}, not a socket",
                "Fairlead only replaces dead sockets: choose another name, or remove this file.").At(address);
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
                    string.Create(CultureInfo.InvariantCulture, $"is an unanswered socket of uid {status.Uid}"),
                    "Ask its owner to remove it, or choose another name.").At(address);

            case ProbeResult.Forbidden:
                throw new FairleadException(
                    ErrorCode.PermissionDenied,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"is a socket of uid {status.Uid} that this user may not connect to, so it is unknown whether a process answers"),
                    "Choose another name, or ask its owner to remove it."
                ).At(address);

            case ProbeResult.Refused when !SocketMark.IsOn(path, status):
                RequireReplaceable(path, address);
                Remove(path, status, address);
                break;

            case ProbeResult.Refused:
                Remove(path, status, address);
                break;
        }
    }

    /// <summary>Checks that the socket of another program may be removed.</summary>
    private static void RequireReplaceable(string path, Address address)
    {
        if (address.Bool(ReplaceOption) != true)
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                "is a socket that Fairlead did not create and that does not answer",
                "Choose another name, remove the file, or add ?replace=true to replace it.").At(address);
        }

        if (SilentSockets.MayHave(path))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                "is the socket of another program that has bound it and does not listen yet",
                "Find the process with ss -xap, and end it first, or choose another name.").At(address);
        }
    }

    private static void Remove(string path, FileStatus status, Address address)
    {
        if (FileIdentity.At(path) != FileIdentity.Of(status))
        {
            return;
        }

        Errno error = NativeFile.Unlink(path);
        if (error is not (Errno.None or Errno.ENOENT))
        {
            throw ErrnoMap.Failure("is the socket of a dead process that cannot be removed", error).At(address);
        }
    }

    // A holder in the registry is not disturbed by a test connection. The kernel knows holders that the registry does not.
    private static Holder? Published(FileStatus status, Address address, RuntimeDirectory? directory)
    {
        try
        {
            directory ??= RuntimeDirectory.Current();
            return EndpointRegistry.FindSocketHolder(FileIdentity.Of(status), address, directory)?.Holder;
        }
        catch (FairleadException)
        {
            // The registry cannot be trusted, so only the probe decides.
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
                        && NativeProcess.IsAlive(credentials.ProcessId)
                        ? new Holder(new Peer
                        {
                            ProcessId = credentials.ProcessId,
                            UserId = credentials.UserId,
                            GroupId = credentials.GroupId,
                            Program = NativeProcess.CommandLine(credentials.ProcessId),
                        })
                        : null;
                    return ProbeResult.Answered;

                // A full backlog, or a datagram socket connected to another: the process is alive.
                case Errno.EAGAIN or Errno.EPERM:
                    return ProbeResult.Answered;

                // A live socket of another type. Asked by its own type, it reports its process.
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
        /// <summary>A live process answers there.</summary>
        Answered,

        /// <summary>The socket of a process that has ended.</summary>
        Refused,

        /// <summary>It disappeared meanwhile.</summary>
        Gone,

        /// <summary>The kernel does not permit the probe.</summary>
        Forbidden,
    }
}
