namespace Fairlead.Tests.RandomWorld;

/// <summary>The things that a scene does, and that make an operation of its players fail.</summary>
[Flags]
internal enum Cause
{
    None = 0,

    /// <summary>The other end leaves, or is not there yet.</summary>
    PeerLeaves = 1,

    /// <summary>The other end takes only so many peers.</summary>
    PeerIsTaken = 2,

    /// <summary>The operation has a time limit.</summary>
    TimeLimit = 4,

    /// <summary>The operation has a token that is cancelled.</summary>
    Token = 8,

    /// <summary>The endpoint is closed by another player during the operation.</summary>
    OwnEnd = 16,

    /// <summary>The handler at the other end throws.</summary>
    HandlerThrows = 32,
}
