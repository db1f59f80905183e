namespace Fairlead.Transports.Udp;

/// <summary>The pool of memory for segments.</summary>
/// <remarks>
/// Sending threads take segments, and threads that receive acknowledgements return them, or the reverse. The shared array pool would keep
/// some for each thread, and allocate for those that take.
/// </remarks>
internal static class SegmentBuffers
{
    /// <summary>The segment size for every network in bytes: with all headers, less than the 1,280 that IPv6 guarantees.</summary>
    public const int Ordinary = 1_200;

    /// <summary>The segment size within one host in bytes: with the kernel's overhead it fits into 16 KiB.</summary>
    public const int Local = 15_000;

    private const int MostKeptOfSize = 8 * 1024 * 1024;

    private static readonly RankedLock Gate = new(LockRank.SegmentPool);
    private static readonly Stack<byte[]> KeptOrdinary = new();
    private static readonly Stack<byte[]> KeptLocal = new();

    /// <summary>Returns at least this many bytes, at most <see cref="Local"/>. <see cref="Return"/> returns them.</summary>
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
