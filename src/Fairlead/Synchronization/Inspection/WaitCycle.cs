using System.Globalization;

namespace Fairlead.Synchronization.Inspection;

/// <summary>Those who wait for each other in a circle.</summary>
/// <param name="Steps">Each waits for a lock that the next one holds; the last for one of the first's.</param>
internal sealed record WaitCycle(IReadOnlyList<WaitStep> Steps)
{
    /// <summary>The cycle that a thread is in, at this moment, beyond doubt: all of its waits and holds were seen twice, the second time after all had been seen once.</summary>
    public static WaitCycle? Of((ulong Participant, int Thread) agent) => Find(agent, LockFile.Mutexes()) is { } seen && seen.IsStillThere(LockFile.Mutexes()) ? seen : null;

    /// <summary>Follows the one that each waits for.</summary>
    public static WaitCycle? Find((ulong Participant, int Thread) agent, IReadOnlyDictionary<string, MutexSnapshot> locks)
    {
        List<WaitStep> steps = [];
        (ulong Participant, int Thread) now = agent;

        // A thread waits for one lock at a time, so that there is one way to go; it has been gone if it is longer than all that wait.
        while (WaitOf(now, locks) is { } step && !steps.Contains(step))
        {
            steps.Add(step);
            if (step.Holder.Agent is not { } next)
            {
                return null;
            }

            if (next == agent)
            {
                return new WaitCycle(steps);
            }

            now = next;
        }

        return null;
    }

    /// <summary>Whether all of it is there at a later look.</summary>
    public bool IsStillThere(IReadOnlyDictionary<string, MutexSnapshot> later) => Steps.All(step =>
        later.TryGetValue(step.Lock, out MutexSnapshot? found)
        && found.Owner is { } owner && owner.Mark == step.Holder.Mark && owner.Agent == step.Holder.Agent
        && found.Waiting.Any(waiter => waiter.Mark == step.Waiter.Mark && waiter.Agent == step.Waiter.Agent));

    /// <summary><c>pid 7 (a) waits for 'x', which pid 8 (b) holds; pid 8 (b) waits for 'y', which pid 7 (a) holds</c>.</summary>
    public override string ToString() => string.Join("; ", Steps.Select(static step => string.Create(
        CultureInfo.InvariantCulture, $"{step.Waiter.Describe().Peer} waits for '{step.Lock}', which {step.Holder.Describe().Peer} holds")));

    private static WaitStep? WaitOf((ulong Participant, int Thread) agent, IReadOnlyDictionary<string, MutexSnapshot> locks)
    {
        foreach ((string name, MutexSnapshot found) in locks)
        {
            foreach (LockParty waiter in found.Waiting)
            {
                if (waiter.Agent == agent && found.Owner is { } owner)
                {
                    return new WaitStep(waiter, name, owner);
                }
            }
        }

        return null;
    }
}

/// <summary>One who waits for what another one holds.</summary>
internal sealed record WaitStep(LockParty Waiter, string Lock, LockParty Holder);
