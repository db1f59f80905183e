namespace Fairlead.Native;

/// <summary>The type of a socket; the kernel's numbers.</summary>
internal enum NativeSocketType
{
    Stream = Libc.SOCK_STREAM,
    Datagram = Libc.SOCK_DGRAM,

    /// <summary>Connected and with message boundaries; Unix sockets only.</summary>
    SeqPacket = Libc.SOCK_SEQPACKET,
}
