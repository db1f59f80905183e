namespace Fairlead.Logs;

/// <summary>A named position in a log.</summary>
/// <param name="Name">The name of the position.</param>
/// <param name="Next">The number of the next record under this name; 0 if nothing has been committed.</param>
/// <param name="Behind">How many numbers lie between there and the end.</param>
/// <param name="IsHeld">Whether a follower uses the name now.</param>
/// <param name="HeldBy">The process of that follower, if known.</param>
public sealed record LogPositionInfo(string Name, long Next, long Behind, bool IsHeld, Peer? HeldBy);
