namespace Fairlead;

/// <summary>The pattern of an endpoint. The numbers are part of handshakes and registry entries, so they never change.</summary>
internal enum PatternKind : byte
{
    Sender = 1,
    Receiver = 2,
    Requester = 3,
    Responder = 4,
    Publisher = 5,
    Subscriber = 6,
    Pair = 7,
    Hub = 8,
    WorkQueue = 9,

    /// <summary>A plain stream socket. Only registry entries have it.</summary>
    Socket = 10,

    /// <summary>A non-Fairlead program, reached through a foreign framing.</summary>
    Foreign = 255,
}
