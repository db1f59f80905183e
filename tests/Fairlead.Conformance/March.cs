using Fairlead.Memory;

namespace Fairlead.Conformance;

/// <summary>
/// What those of a barrier tell each other in a region: each says for which phase he is about to arrive, and looks when it is completed
/// whether all have said so.
/// </summary>
public sealed class March(SharedRegion region, int size)
{
    // He has never passed, and does not know which phase it will be.
    private const long Any = long.MaxValue;

    private const int ProblemAt = 8;
    private const int SeenAt = 16;
    private const int PassedAt = 24;

    /// <summary>What somebody has found wrong; null: nothing.</summary>
    public string? Problem =>
        Enumerable.Range(0, size).FirstOrDefault(index => Volatile.Read(ref At(index, ProblemAt)) != 0, -1) is >= 0 and var found
            ? $"{found} has passed phase {Volatile.Read(ref At(found, PassedAt))}: "
                + $"{Volatile.Read(ref At(found, SeenAt))} (problem {Volatile.Read(ref At(found, ProblemAt))})"
            : null;

    /// <summary>Bytes that it takes.</summary>
    public static int SizeOf(int size) => size * 64;

    /// <summary>He is about to arrive.</summary>
    /// <param name="index">Who.</param>
    /// <param name="last">The phase that he has passed last; null: none.</param>
    public void Announce(int index, long? last) => Volatile.Write(ref At(index, 0), last + 1 ?? Any);

    /// <summary>He has passed. None is left out, and none passed alone.</summary>
    /// <returns>Whether that is right.</returns>
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
