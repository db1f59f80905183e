using Fairlead.Synchronization;

namespace Fairlead.Cli.Processes;

/// <summary>A process that waits for a lock of another one.</summary>
/// <param name="Waiter">The waiting process.</param>
/// <param name="Lock">The lock.</param>
/// <param name="Holder">Its owner.</param>
internal sealed record LockWait(LockHolder Waiter, string Lock, LockHolder Holder)
{
    private readonly Lazy<IReadOnlyList<int>> _around = new(() => EnclosingLock.Of(Waiter.Peer.ProcessId ?? 0));

    /// <summary>
    /// Returns whether an owner can leave only after this wait: it is the same thread, or a <c>fairlead lock</c> that this process runs in.
    /// </summary>
    public bool Keeps(LockHolder holder) => IsOf(holder) || (holder.Peer.ProcessId is { } pid && _around.Value.Contains(pid));

    /// <summary>Returns whether the waiter is the owner itself.</summary>
    public bool IsOf(LockHolder holder) =>
        holder.Thread is not null && holder.Thread == Waiter.Thread && holder.Peer.ProcessId == Waiter.Peer.ProcessId;

    /// <summary>Returns whether it is the same wait for the same entry.</summary>
    public bool IsSame(LockWait other) => Lock == other.Lock && IsSame(Waiter, other.Waiter) && IsSame(Holder, other.Holder);

    private static bool IsSame(LockHolder one, LockHolder other) =>
        one.Peer.ProcessId == other.Peer.ProcessId && one.Thread == other.Thread && one.Since == other.Since;
}

/// <summary>A cycle of processes that wait for each other.</summary>
/// <param name="Waits">The waits: each one keeps the owner of the previous one from leaving, and the first that of the last.</param>
internal sealed record Deadlock(IReadOnlyList<LockWait> Waits)
{
    /// <summary>
    /// Returns all deadlocks, without false alarms: all waits and entries were read twice, the second time after all had been read once.
    /// </summary>
    public static IReadOnlyList<Deadlock> Find()
    {
        var found = In(Waiting());
        if (found.Count == 0)
        {
            return found;
        }

        var later = Waiting();
        return [.. found.Where(deadlock => deadlock.Waits.All(wait => later.Any(wait.IsSame)))];
    }

    /// <summary>Returns one cycle for each knot: a wait in one cycle is not looked for in another.</summary>
    public static IReadOnlyList<Deadlock> In(IReadOnlyList<LockWait> waits)
    {
        List<Deadlock> found = [];
        HashSet<LockWait> done = new(ReferenceEqualityComparer.Instance);
        foreach (var first in waits.Where(wait => !done.Contains(wait)))
        {
            // The shortest way from each wait back to itself.
            Dictionary<LockWait, LockWait?> cameFrom = new(ReferenceEqualityComparer.Instance) { [first] = null };
            Queue<LockWait> open = new([first]);
            LockWait? last = null;
            while (last is null && open.TryDequeue(out var wait))
            {
                foreach (var next in waits.Where(next => !done.Contains(next) && next.Keeps(wait.Holder)))
                {
                    if (ReferenceEquals(next, first))
                    {
                        last = wait;
                        break;
                    }

                    if (cameFrom.TryAdd(next, wait))
                    {
                        open.Enqueue(next);
                    }
                }
            }

            List<LockWait> circle = [];
            for (; last is not null; last = cameFrom[last])
            {
                circle.Insert(0, last);
                done.Add(last);
            }

            if (circle.Count > 0)
            {
                found.Add(new Deadlock(circle));
            }
        }

        return found;
    }

    // A waiter for one of several permits waits for no particular owner: any of them may let it in.
    private static List<LockWait> Waiting() =>
        [.. from found in NamedLocks.List()
            where found.Kind is "mutex" or "reader-writer lock"
            from waiter in found.Waiters
            from holder in found.Holders
            select new LockWait(waiter, found.Name, holder)];
}
