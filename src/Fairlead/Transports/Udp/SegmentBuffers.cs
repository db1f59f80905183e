namespace Fairlead.Transports.Udp;

/// <summary>
/// The memory of segments. It is taken by threads that send and given back by those that hear acknowledgements, or the other way round; the
/// shared array pool would keep some for each thread, and allocate for those that take.
/// </summary>
internal static class SegmentBuffers
{
    /// <summary>Bytes of a segment that passes every network: with all headers less than the 1,280 that IPv6 promises.</summary>
    public const int Ordinary = 1_200;

    /// <summary>Bytes of a segment inside one host: with what the kernel adds it fits into 16 KiB.</summary>
    public const int Local = 15_000;

    private const int MostKeptOfSize = 8 * 1024 * 1024;

    private static readonly RankedLock Gate = new(LockRank.SegmentPool);
    private static readonly Stack<byte[]> KeptOrdinary = new();
    private static readonly Stack<byte[]> KeptLocal = new();

    /// <summary>At least so many bytes, at most <see cref="Local"/>. The release is <see cref="Return"/>.</summary>
    public static byte[] Rent(int size)
    {
        using (Gate.Hold())
        {
            if ((size <= Ordinary ? KeptOrdinary : KeptLocal).TryPop(out byte[]? kept))
            {
                return kept;
            }
        }

        return GC.AllocateUninitializedArray<byte>(size <= Ordinary ? Ordinary : Local);
    }

    public static void Return(byte[] buffer)
    {
        using (Gate.Hold())
        {
            Stack<byte[]> kept = buffer.Length == Ordinary ? KeptOrdinary : KeptLocal;
            if (kept.Count < MostKeptOfSize / buffer.Length)
            {
                kept.Push(buffer);
            }
        }
    }
}
