using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>An owner or waiter of a lock, as found in shared memory.</summary>
/// <param name="Standing">The owner info that it has written.</param>
/// <param name="Mark">
/// Changes when the party leaves: the number of the entry, or of the ticket and <see cref="Waits"/>. If two reads find the same mark, the
/// party was there all the time in between.
/// </param>
internal readonly record struct LockParty(Standing Standing, ulong Mark)
{
    /// <summary>Set in the mark of a waiter: it is never taken for an owner, even with the same thread and the same time.</summary>
    public const ulong Waits = 1UL << 63;

    /// <summary>The thread of a process that can own one lock and wait for another; null for asynchronous callers.</summary>
    public (ulong Participant, int Thread)? Agent => Standing.Thread == 0 ? null : (Standing.ParticipantId, Standing.Thread);

    /// <summary>Describes the party for people.</summary>
    public LockHolder Describe()
    {
        DateTimeOffset since = DateTimeOffset.UnixEpoch.AddTicks(Standing.Since / TimeSpan.NanosecondsPerTick);
        if (ParticipantNote.ProgramElsewhere(Standing.ParticipantId, Standing.Process) is { } program)
        {
            return new LockHolder(new Peer { Program = program.Length == 0 ? null : program }, null, since) { IsInOtherNamespace = true };
        }

        return new LockHolder(
            new Peer { ProcessId = Standing.Process, Program = NativeProcess.CommandLine(Standing.Process) },
            Standing.Thread == 0 ? null : Standing.Thread,
            since)
        {
            IsStopped = NativeProcess.IsStopped(Standing.Process),
        };
    }
}
