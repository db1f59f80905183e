using System.Security.Cryptography;
using Fairlead.Native;

namespace Fairlead.Transports.Udp;

/// <summary>What the two ends of a reliable session have agreed on.</summary>
/// <param name="Session">Its number: another one each time, so that no old datagram is taken for one of it.</param>
/// <param name="Cookie">By what the end that connected has shown that it hears.</param>
/// <param name="Token">By which that end calls it before it has a number.</param>
/// <param name="SegmentBytes">Bytes of a segment: as many as both take.</param>
/// <param name="Window">Segments that this end takes unread.</param>
/// <param name="PeerWindow">Segments that the other does.</param>
internal readonly record struct ReliableTerms(ulong Session, ulong Cookie, ulong Token, int SegmentBytes, int Window, int PeerWindow)
{
    private const int MostWindow = 256;
    private const int LeastWindow = 4;
    private const int MostBuffer = 4 * 1024 * 1024;

    /// <summary>Bytes of a segment that go well to this address: inside the host the kernel cuts nothing.</summary>
    public static int SegmentBytesTo(UdpRemote remote) => remote.IsLoopback ? SegmentBuffers.Local : SegmentBuffers.Ordinary;

    /// <summary>So many segments as the kernel has room for even if nobody reads: a session that keeps to it loses nothing here.</summary>
    public static int WindowOf(Descriptor socket, int segmentBytes)
    {
        int kernelBytes = segmentBytes <= SegmentBuffers.Ordinary ? 2_560 : 17_408;
        NativeSocket.SetBuffers(socket, send: null, receive: MostBuffer);
        return Math.Clamp(NativeSocket.ReceiveBuffer(socket) / kernelBytes, LeastWindow, MostWindow);
    }

    /// <summary>Of the end that is bound, by what the other asks for; null where that makes no sense.</summary>
    public static ReliableTerms? OfAccepted(in ReliableControl open, UdpRemote remote, Descriptor socket)
    {
        int segmentBytes = Math.Min(open.Number, SegmentBytesTo(remote));
        return segmentBytes < SegmentBuffers.Ordinary || open.Window == 0 ? null
            : new ReliableTerms(NewSession(), open.Cookie, open.Token, segmentBytes, WindowOf(socket, segmentBytes), open.Window);
    }

    /// <summary>What the end that is bound says of it.</summary>
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
