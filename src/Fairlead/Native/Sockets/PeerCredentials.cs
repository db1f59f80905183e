namespace Fairlead.Native.Sockets;

/// <summary>The process at the other end of a Unix socket, as the kernel recorded it when the socket was connected.</summary>
/// <param name="ProcessId">0 if the process is in a pid namespace that this one cannot see.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="GroupId">Its effective group.</param>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId);
