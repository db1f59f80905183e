namespace Fairlead.Native;

/// <summary>Who is at the other end of a Unix socket, as the kernel noted when it was connected.</summary>
/// <param name="ProcessId">0 when the process lives in a pid namespace that this one cannot see.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="GroupId">Its effective group.</param>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId);
