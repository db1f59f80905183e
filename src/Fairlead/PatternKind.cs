namespace Fairlead;

/// <summary>Which pattern an endpoint is. The numbers stand in handshakes and in registry entries, so they never change.</summary>
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

    /// <summary>A program that knows nothing of Fairlead, spoken to by a foreign framing.</summary>
    Foreign = 255,
}
