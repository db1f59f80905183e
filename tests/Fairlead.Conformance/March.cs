using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// The notes that the parties of a barrier exchange in a region: each announces the phase for which it is about to arrive, and checks after
/// the phase that all have announced it.
/// </summary>
public sealed class March(SharedRegion region, int size)
{
    // The party has never passed, and does not know the phase.
    private const long Any = long.MaxValue;

    private const int ProblemAt = 8;
    private const int SeenAt = 16;
    private const int PassedAt = 24;

    /// <summary>The problem that a party has found; null: none.</summary>
    public string? Problem =>
        Enumerable.Range(0, size).FirstOrDefault(index => Volatile.Read(ref At(index, ProblemAt)) != 0, -1) is >= 0 and var found
            ? $"{found} has passed phase {Volatile.Read(ref At(found, PassedAt))}: "
                + $"{Volatile.Read(ref At(found, SeenAt))} (problem {Volatile.Read(ref At(found, ProblemAt))})"
            : null;

    /// <summary>Returns the size in bytes.</summary>
    public static int SizeOf(int size) => size * 64;

    /// <summary>Announces that the party is about to arrive.</summary>
    /// <param name="index">The party.</param>
    /// <param name="last">The phase that the party passed last; null: none.</param>
    public void Announce(int index, long? last) => Volatile.Write(ref At(index, 0), last + 1 ?? Any);

    /// <summary>Records that the party has passed, and checks that no phase was skipped and no party passed alone.</summary>
    /// <returns>Whether the check succeeded.</returns>
    public bool Pass(int index, long phase, long? last)
    {
        long early = Enumerable.Range(0, size).Select(each => Volatile.Read(ref At(each, 0))).Min();
        int problem = last is not null && phase != last + 1 ? 1 : early < phase ? 2 : 0;
        Volatile.Write(ref At(index, PassedAt), phase);
        Volatile.Write(ref At(index, SeenAt), problem == 1 ? last!.Value : early);
        Volatile.Write(ref At(index, ProblemAt), problem);
        return problem == 0;
    }

    private ref long At(int index, int offset) => ref region.At<long>((index * 64) + offset);
}
