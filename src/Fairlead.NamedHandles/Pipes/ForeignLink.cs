using System.IO.Pipes;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>Makes a connection from the handle of a program.</summary>
internal static class ForeignLink
{
    /// <summary>Copies the descriptor of a connected socket. The handle stays with the caller.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not connected.</exception>
    /// <exception cref="IOException">It is not a socket of a pipe.</exception>
    public static PipeLink Of(SafePipeHandle safePipeHandle, bool isConnected)
    {
        ArgumentNullException.ThrowIfNull(safePipeHandle);
        if (safePipeHandle.IsInvalid)
        {
            throw new ArgumentException("The handle is invalid.", nameof(safePipeHandle));
        }

        if (!isConnected)
        {
            throw new PlatformNotSupportedException("A handle that is not connected is no pipe on Linux: create the stream by a name.");
        }

        bool isHeld = false;
        try
        {
            safePipeHandle.DangerousAddRef(ref isHeld);
            Descriptor copy = NativeSpawn.Duplicate((int)safePipeHandle.DangerousGetHandle(), lowest: 0, out Errno error)
                ?? throw ErrnoMap.Failure("cannot copy the handle", error);
            SetNonBlocking(copy);
            switch (NativeSocket.TypeOf(copy))
            {
                case NativeSocketType.Stream:
                    return PipeLink.Of(copy, PipeTransmissionMode.Byte);
                case NativeSocketType.SeqPacket:
                    return PipeLink.Of(copy, PipeTransmissionMode.Message);
                default:
                    copy.Dispose();
                    throw new IOException("The handle is not the socket of a named pipe.");
            }
        }
        finally
        {
            if (isHeld)
            {
                safePipeHandle.DangerousRelease();
            }
        }
    }

    // The copy and the handle are one open file: from now on it belongs to the stream.
    private static void SetNonBlocking(Descriptor socket)
    {
        int flags = Libc.Control(socket.Number, Libc.F_GETFL, 0);
        if (flags >= 0)
        {
            _ = Libc.Control(socket.Number, Libc.F_SETFL, flags | Libc.O_NONBLOCK);
        }
    }
}
