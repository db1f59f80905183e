using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>An owner or waiter of a lock, as found in shared memory.</summary>
/// <param name="OwnerInfo">The owner info that it has written.</param>
/// <param name="Mark">
/// Changes when the party leaves: the number of the entry, or of the ticket and <see cref="Waits"/>. If two reads find the same mark, the
/// party was there all the time in between.
/// </param>
internal readonly record struct LockParty(OwnerInfo OwnerInfo, ulong Mark)
{
    /// <summary>Set in the mark of a waiter: it is never taken for an owner, even with the same thread and the same time.</summary>
    public const ulong Waits = 1UL << 63;

    /// <summary>The thread of a process that can own one lock and wait for another; null for asynchronous callers.</summary>
    public (ulong Participant, int Thread)? Agent => OwnerInfo.Thread == 0 ? null : (OwnerInfo.ParticipantId, OwnerInfo.Thread);

    /// <summary>Describes the party for people.</summary>
    public LockHolder Describe()
    {
        DateTimeOffset since = DateTimeOffset.UnixEpoch.AddTicks(OwnerInfo.Since / TimeSpan.NanosecondsPerTick);
        if (ParticipantNote.ProgramElsewhere(OwnerInfo.ParticipantId, OwnerInfo.Process) is { } program)
        {
            return new LockHolder(new Peer { Program = program.Length == 0 ? null : program }, null, since) { IsInOtherNamespace = true };
        }

        return new LockHolder(
            new Peer { ProcessId = OwnerInfo.Process, Program = NativeProcess.CommandLine(OwnerInfo.Process) },
            OwnerInfo.Thread == 0 ? null : OwnerInfo.Thread,
            since)
        {
            IsStopped = NativeProcess.IsStopped(OwnerInfo.Process),
        };
    }
}
