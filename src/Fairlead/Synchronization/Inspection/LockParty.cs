using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>One who holds a lock or waits for it, as found in shared memory.</summary>
/// <param name="Standing">As he has written it down.</param>
/// <param name="Mark">
/// What changes when he leaves: the number of the entry, or of the ticket and <see cref="Waits"/>. The same at two looks: he was there all
/// the time between.
/// </param>
internal readonly record struct LockParty(Standing Standing, ulong Mark)
{
    /// <summary>
    /// In the mark of one who stands in a line: so that he is never taken for one who has entered, though it be the same thread at the same
    /// time.
    /// </summary>
    public const ulong Waits = 1UL << 63;

    /// <summary>Who can hold one lock and wait for another: a thread of a process; null for those who do not stand for a thread.</summary>
    public (ulong Participant, int Thread)? Agent => Standing.Thread == 0 ? null : (Standing.ParticipantId, Standing.Thread);

    /// <summary>For people.</summary>
    public LockHolder Describe() => new(
        new Peer { ProcessId = Standing.Process, Program = NativeProcess.CommandLine(Standing.Process) },
        Standing.Thread == 0 ? null : Standing.Thread,
        DateTimeOffset.UnixEpoch.AddTicks(Standing.Since / TimeSpan.NanosecondsPerTick))
    {
        IsStopped = NativeProcess.IsStopped(Standing.Process),
    };
}
