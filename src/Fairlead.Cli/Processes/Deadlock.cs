using Fairlead.Synchronization;

namespace Fairlead.Cli.Processes;

/// <summary>One who waits for a lock that somebody holds.</summary>
/// <param name="Waiter">Who waits.</param>
/// <param name="Lock">For what.</param>
/// <param name="Holder">Who holds it.</param>
internal sealed record LockWait(LockHolder Waiter, string Lock, LockHolder Holder)
{
    private readonly Lazy<IReadOnlyList<int>> _around = new(() => EnclosingLock.Of(Waiter.Peer.ProcessId ?? 0));

    /// <summary>
    /// Whether a holder can leave only when this wait has ended: the same thread, or a <c>fairlead lock</c> that this runs in.
    /// </summary>
    public bool Keeps(LockHolder holder) => IsOf(holder) || (holder.Peer.ProcessId is { } pid && _around.Value.Contains(pid));

    /// <summary>Whether it is the holder's own.</summary>
    public bool IsOf(LockHolder holder) =>
        holder.Thread is not null && holder.Thread == Waiter.Thread && holder.Peer.ProcessId == Waiter.Peer.ProcessId;

    /// <summary>The same wait for the same stay.</summary>
    public bool IsSame(LockWait other) => Lock == other.Lock && IsSame(Waiter, other.Waiter) && IsSame(Holder, other.Holder);

    private static bool IsSame(LockHolder one, LockHolder other) =>
        one.Peer.ProcessId == other.Peer.ProcessId && one.Thread == other.Thread && one.Since == other.Since;
}

/// <summary>Those who wait for each other in a circle.</summary>
/// <param name="Waits">The holder of each is kept by the next; that of the last by the first.</param>
internal sealed record Deadlock(IReadOnlyList<LockWait> Waits)
{
    /// <summary>
    /// All of them, beyond doubt: every wait and every hold was seen twice, the second time after all had been seen once.
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

    /// <summary>One for each knot: who is in a circle already is not looked for in another.</summary>
    public static IReadOnlyList<Deadlock> In(IReadOnlyList<LockWait> waits)
    {
        List<Deadlock> found = [];
        HashSet<LockWait> done = new(ReferenceEqualityComparer.Instance);
        foreach (var first in waits.Where(wait => !done.Contains(wait)))
        {
            // The shortest way from each back to itself.
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

    // Who waits for one of several permits is let in by whoever gives one back: he waits for nobody in particular.
    private static List<LockWait> Waiting() =>
        [.. from found in NamedLocks.List()
            where found.Kind is "mutex" or "reader-writer lock"
            from waiter in found.Waiters
            from holder in found.Holders
            select new LockWait(waiter, found.Name, holder)];
}
