using System.Globalization;

namespace Fairlead.Synchronization.Inspection;

/// <summary>A cycle of callers that wait for each other.</summary>
/// <param name="Steps">In each step, a caller waits for a lock that the next one owns; the last waits for a lock of the first.</param>
internal sealed record WaitCycle(IReadOnlyList<WaitStep> Steps)
{
    /// <summary>
    /// Returns the cycle that a thread is in, without false alarms: all of its waits and entries were read twice, the second time after all
    /// had been read once.
    /// </summary>
    public static WaitCycle? Of((ulong Participant, int Thread) agent) =>
        Find(agent, LockFile.All()) is { } seen && seen.IsStillThere(LockFile.All()) ? seen : null;

    /// <summary>Follows the owners that each caller waits for.</summary>
    public static WaitCycle? Find((ulong Participant, int Thread) agent, IReadOnlyDictionary<string, LockSnapshot> locks)
    {
        List<WaitStep> steps = [];
        return LeadsTo(agent, agent, locks, steps, []) ? new WaitCycle(steps) : null;
    }

    /// <summary>Returns whether a later reading still shows the whole cycle.</summary>
    public bool IsStillThere(IReadOnlyDictionary<string, LockSnapshot> later) => Steps.All(step =>
        later.TryGetValue(step.Lock, out LockSnapshot? found)
        && found.InTheWay.Any(owner => owner.Mark == step.Holder.Mark && owner.Agent == step.Holder.Agent)
        && found.Waiting.Any(waiter => waiter.Mark == step.Waiter.Mark && waiter.Agent == step.Waiter.Agent));

    /// <summary><c>pid 7 (a) waits for 'x', which pid 8 (b) holds; pid 8 (b) waits for 'y', which pid 7 (a) holds</c>.</summary>
    public override string ToString() =>
        string.Join(
            "; ",
            Steps.Select(static step =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{step.Waiter.Describe().Peer} waits for '{step.Lock}', which {step.Holder.Describe().Peer} holds")));

    // Each thread is visited once: if it did not lead to the goal the first time, it does not the next time.
    private static bool LeadsTo(
        (ulong Participant, int Thread) goal,
        (ulong Participant, int Thread) now,
        IReadOnlyDictionary<string, LockSnapshot> locks,
        List<WaitStep> steps,
        HashSet<(ulong Participant, int Thread)> seen)
    {
        if (!seen.Add(now))
        {
            return false;
        }

        foreach (WaitStep step in WaitsOf(now, locks))
        {
            if (step.Holder.Agent is { } next)
            {
                steps.Add(step);
                if (next == goal || LeadsTo(goal, next, locks, steps, seen))
                {
                    return true;
                }

                steps.RemoveAt(steps.Count - 1);
            }
        }

        return false;
    }

    // A writer that waits for readers blocks all other callers, but not itself.
    private static IEnumerable<WaitStep> WaitsOf((ulong Participant, int Thread) agent, IReadOnlyDictionary<string, LockSnapshot> locks) =>
        from found in locks
        from waiter in found.Value.Waiting
        where waiter.Agent == agent
        from holder in found.Value.InTheWay
        where holder != waiter
        select new WaitStep(waiter, found.Key, holder);
}

/// <summary>A caller that waits for a lock of another one.</summary>
internal sealed record WaitStep(LockParty Waiter, string Lock, LockParty Holder);
