using System.Globalization;

namespace Fairlead.Synchronization;

/// <summary>
/// Who holds a lock, or waits for it. As its process has written it down itself: for people and for whoever looks for cycles; nothing is
/// decided by it.
/// </summary>
/// <param name="Peer">The process.</param>
/// <param name="Thread">
/// The kernel's number of the thread that has entered, or waits, blocking; <see langword="null"/> for an asynchronous caller.
/// </param>
/// <param name="Since">Since when.</param>
public sealed record LockHolder(Peer Peer, int? Thread, DateTimeOffset Since)
{
    /// <summary>
    /// Whether its process is stopped (SIGSTOP, Ctrl-Z, a debugger) at the moment. It keeps what it has, and while it is the first that
    /// waits no other enters, even if the lock is free.
    /// </summary>
    public bool IsStopped { get; init; }

    /// <summary>
    /// <c>pid 4242 (msbuild), since 12:03:01</c>, with the thread where it is not the first of its process, the day when that is not today,
    /// and <c>now stopped</c> where it is.
    /// </summary>
    public override string ToString()
    {
        string thread = Thread is null || Thread == Peer.ProcessId ? "" : string.Create(CultureInfo.InvariantCulture, $", thread {Thread}");
        return $"{Peer}{thread}, since {LocalTime.Format(Since)}{(IsStopped ? ", now stopped" : "")}";
    }

    /// <summary><c>pid 4250 (make), for 00:01:12</c>.</summary>
    /// <param name="now">Until when.</param>
    public string ToString(DateTimeOffset now)
    {
        TimeSpan time = now > Since ? now - Since : TimeSpan.Zero;
        return string.Create(CultureInfo.InvariantCulture, $"{Peer}, for {(long)time.TotalHours:00}:{time:mm\\:ss}");
    }
}
