namespace Fairlead.Logs;

/// <summary>A named position in a log.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Next">The number of the record that comes next under this name; 0 when nothing has been committed.</param>
/// <param name="Behind">How many numbers there are from there to the end.</param>
/// <param name="IsHeld">Whether somebody follows under the name now.</param>
/// <param name="HeldBy">Who, where it is known.</param>
public sealed record LogPositionInfo(string Name, long Next, long Behind, bool IsHeld, Peer? HeldBy);
