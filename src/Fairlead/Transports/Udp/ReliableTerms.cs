using System.Security.Cryptography;
using Fairlead.Native;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Udp;

/// <summary>The parameters that both ends of a reliable session have agreed on.</summary>
/// <param name="Session">Its number, different each time, which keeps old datagrams out.</param>
/// <param name="Cookie">The connecting end's proof that it receives data.</param>
/// <param name="Token">The connecting end's name for the session before it has a number.</param>
/// <param name="SegmentBytes">The segment size in bytes: the most that both ends support.</param>
/// <param name="Window">The most unread segments at this end.</param>
/// <param name="PeerWindow">The most unread segments at the other end.</param>
internal readonly record struct ReliableTerms(ulong Session, ulong Cookie, ulong Token, int SegmentBytes, int Window, int PeerWindow)
{
    private const int MostWindow = 256;
    private const int LeastWindow = 4;
    private const int MostBuffer = 4 * 1024 * 1024;

    /// <summary>Returns the best segment size for an address: within the host the kernel does not fragment.</summary>
    public static int SegmentBytesTo(UdpRemote remote) => remote.IsLoopback ? SegmentBuffers.Local : SegmentBuffers.Ordinary;

    /// <summary>Returns the number of segments that the kernel can buffer unread, which avoids losses at this end.</summary>
    public static int WindowOf(Descriptor socket, int segmentBytes)
    {
        int kernelBytes = segmentBytes <= SegmentBuffers.Ordinary ? 2_560 : 17_408;
        NativeSocket.SetBuffers(socket, send: null, receive: MostBuffer);
        return Math.Clamp(NativeSocket.ReceiveBuffer(socket) / kernelBytes, LeastWindow, MostWindow);
    }

    /// <summary>Returns the terms of the bound end for a request; null if the request is invalid.</summary>
    public static ReliableTerms? OfAccepted(in ReliableControl open, UdpRemote remote, Descriptor socket)
    {
        int segmentBytes = Math.Min(open.Number, SegmentBytesTo(remote));
        return segmentBytes < SegmentBuffers.Ordinary || open.Window == 0 ? null
            : new ReliableTerms(NewSession(), open.Cookie, open.Token, segmentBytes, WindowOf(socket, segmentBytes), open.Window);
    }

    /// <summary>Returns the bound end's accept.</summary>
    public ReliableControl ToAccept() =>
        new()
        {
            Kind = ReliableKind.Accept,
            Number = (ushort)SegmentBytes,
            Token = Token,
            Window = (ushort)Window,
            Cookie = Session,
        };

    private static ulong NewSession()
    {
        ulong session;
        do
        {
            session = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        }
        while (ReliableControl.IsReserved(session));

        return session;
    }
}
