using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Udp;

/// <summary>Tells both ends if only one of them uses reliable datagrams, or if their versions differ.</summary>
internal static class ReliableRefusals
{
    public static ReliableControl Of(ReliableRefusal reason, ulong token) =>
        new()
        {
            Kind = ReliableKind.Refuse,
            Number = (ushort)reason,
            Token = token,
        };

    /// <summary>Sends one control datagram, which may get lost like any other.</summary>
    public static void Send(Descriptor socket, in ReliableControl control, ReadOnlySpan<byte> to, LocalHost from = default)
    {
        Span<byte> datagram = stackalloc byte[ReliableControl.Size];
        Queue<int> length = new();
        length.Enqueue(control.Write(datagram));
        _ = NativeDatagrams.Send(socket, datagram, length.GetEnumerator(), to, out _, from);
    }

    /// <summary>Returns the error of a refusal, for the connecting end.</summary>
    public static FairleadException ToException(in ReliableControl refusal) =>
        (ReliableRefusal)refusal.Number switch
        {
            ReliableRefusal.Unreliable => new FairleadException(
                ErrorCode.Incompatible,
                "the bound endpoint does not use reliable=true, but this one does",
                "Use reliable=true at both ends, or at neither."),
            ReliableRefusal.Reliable => new FairleadException(
                ErrorCode.Incompatible,
                "the bound endpoint uses reliable=true, but this one does not",
                "Use reliable=true at both ends, or at neither."),
            ReliableRefusal.Version => new FairleadException(
                ErrorCode.Incompatible,
                $"the other end uses another version of reliable sessions than this one, which uses {ReliableControl.Version}",
                "Use the same version of Fairlead at both ends."),
            ReliableRefusal.Crowded => new FairleadException(
                ErrorCode.Unavailable, "the bound endpoint has reached its limit of sessions", "Try again later."),
            _ => new FairleadException(
                ErrorCode.NotFound, "no endpoint listens there", "Start a server, or list live endpoints with fairlead list."),
        };

    /// <summary>For an end that is not reliable: answers a request for a session, and returns the error of a refusal.</summary>
    public static FairleadException? OnStranger(
        Descriptor socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name, LocalHost local, bool isConnected)
    {
        if (!ReliableControl.TryRead(datagram, out ReliableControl control))
        {
            return null;
        }

        if (isConnected)
        {
            return control.Kind == ReliableKind.Refuse ? ToException(control) : null;
        }

        if (control.Kind == ReliableKind.Hello)
        {
            Send(socket, Of(ReliableRefusal.Unreliable, control.Token), name, local);
        }

        return null;
    }
}
