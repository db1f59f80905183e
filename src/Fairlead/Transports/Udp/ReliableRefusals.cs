using Fairlead.Native;

namespace Fairlead.Transports.Udp;

/// <summary>Two ends of which one said that datagrams are to be reliable, and the other did not, or not so: each is told.</summary>
internal static class ReliableRefusals
{
    public static ReliableControl Of(ReliableRefusal reason, ulong token) =>
        new()
        {
            Kind = ReliableKind.Refuse,
            Number = (ushort)reason,
            Token = token,
        };

    /// <summary>Sends one control datagram; as with any, nobody knows whether it arrives.</summary>
    public static void Send(Descriptor socket, in ReliableControl control, ReadOnlySpan<byte> to)
    {
        Span<byte> datagram = stackalloc byte[ReliableControl.Size];
        Queue<int> length = new();
        length.Enqueue(control.Write(datagram));
        _ = NativeDatagrams.Send(socket, datagram, length.GetEnumerator(), to, out _);
    }

    /// <summary>What a refusal means to the end that connects.</summary>
    public static FairleadException ToException(in ReliableControl refusal) =>
        (ReliableRefusal)refusal.Number switch
        {
            ReliableRefusal.Unreliable => new FairleadException(
                ErrorCode.Incompatible,
                "who is bound there did not say reliable=true, and this end does",
                "Say it at both ends, or at neither."),
            ReliableRefusal.Reliable => new FairleadException(
                ErrorCode.Incompatible,
                "who is bound there said reliable=true, and this end does not",
                "Say it at both ends, or at neither."),
            ReliableRefusal.Version => new FairleadException(
                ErrorCode.Incompatible,
                $"the other end speaks another version of the reliable sessions than this one, which speaks {ReliableControl.Version}",
                "Use the same version of Fairlead at both ends."),
            ReliableRefusal.Crowded => new FairleadException(
                ErrorCode.Unavailable, "there are too many sessions already", "Try again later."),
            _ => new FairleadException(ErrorCode.NotFound, "nobody listens there", "Start a server, or see what lives: fairlead list."),
        };

    /// <summary>
    /// By an end that is not reliable, and has got what is no message of its kind: answers one that asks for a session, and says what a
    /// refusal means.
    /// </summary>
    public static FairleadException? OnStranger(Descriptor socket, ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> name, bool isConnected)
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
            Send(socket, Of(ReliableRefusal.Unreliable, control.Token), name);
        }

        return null;
    }
}
