using System.Globalization;

namespace Fairlead.Synchronization;

/// <summary>A process that holds a lock or waits for it, by its own record.</summary>
/// <remarks>The record serves people and the search for cycles; no lock decision depends on it.</remarks>
/// <param name="Peer">The process.</param>
/// <param name="Thread">
/// The kernel's number of the thread that entered or is blocked; <see langword="null"/> for an asynchronous caller.
/// </param>
/// <param name="Since">When it entered or began to wait.</param>
public sealed record LockHolder(Peer Peer, int? Thread, DateTimeOffset Since)
{
    /// <summary>Whether its process is stopped now (SIGSTOP, Ctrl-Z, a debugger).</summary>
    /// <remarks>
    /// A stopped process keeps what it holds. While it is the first waiter, no other enters, even if the lock is free.
    /// </remarks>
    public bool IsStopped { get; init; }

    /// <summary>Whether its process is in another pid namespace. Its number would mean another process here.</summary>
    public bool IsInOtherNamespace { get; init; }

    /// <summary>Returns, for example, <c>pid 4242 (msbuild), since 12:03:01</c>.</summary>
    /// <remarks>
    /// Contains the thread if it is not the first of its process, the date if that is not today, and <c>now stopped</c> if the process is
    /// stopped.
    /// </remarks>
    public override string ToString()
    {
        string thread = Thread is null || Thread == Peer.ProcessId ? "" : string.Create(CultureInfo.InvariantCulture, $", thread {Thread}");
        string place = IsInOtherNamespace ? " in another pid namespace" : "";
        return $"{Peer}{thread}{place}, since {LocalTime.Format(Since)}{(IsStopped ? ", now stopped" : "")}";
    }

    /// <summary>Returns, for example, <c>pid 4250 (make), for 00:01:12</c>.</summary>
    /// <param name="now">The end of the period.</param>
    public string ToString(DateTimeOffset now)
    {
        TimeSpan time = now > Since ? now - Since : TimeSpan.Zero;
        return string.Create(CultureInfo.InvariantCulture, $"{Peer}, for {(long)time.TotalHours:00}:{time:mm\\:ss}");
    }
}
