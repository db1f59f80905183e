namespace Fairlead.Native;

/// <summary>
/// Open descriptors of this process that may be opened once by their numbers (<c>fd://7</c>): a parent's end of a channel to its child, a
/// child's end of the one that it was started with. Until somebody takes them they are their offerer's, who withdraws them.
/// </summary>
internal static class OfferedDescriptors
{
    private static readonly RankedLock Gate = new(LockRank.OfferedDescriptors);
    private static readonly Dictionary<int, (Descriptor Descriptor, int? Peer)> ByNumber = [];

    /// <summary>The release is <see cref="Withdraw"/>.</summary>
    /// <param name="descriptor">What is open.</param>
    /// <param name="peer">The process at the other end, where it is known.</param>
    public static void Offer(Descriptor descriptor, int? peer)
    {
        using (Gate.Hold())
        {
            ByNumber[descriptor.Number] = (descriptor, peer);
        }
    }

    /// <summary>Takes all of them over, or none: from now on they are the caller's to close.</summary>
    public static Descriptor[]? TryTake(ReadOnlySpan<int> numbers, out int? peer)
    {
        peer = null;
        Descriptor[] taken = new Descriptor[numbers.Length];
        using (Gate.Hold())
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                if (!ByNumber.TryGetValue(numbers[i], out (Descriptor Descriptor, int? Peer) offered))
                {
                    return null;
                }

                taken[i] = offered.Descriptor;
                peer = offered.Peer;
            }

            foreach (int number in numbers)
            {
                ByNumber.Remove(number);
            }
        }

        return taken;
    }

    /// <summary>Closes it if nobody has taken it: the release of <see cref="Offer"/>.</summary>
    public static void Withdraw(Descriptor descriptor)
    {
        using (Gate.Hold())
        {
            // Taken and closed by its taker, the number may be another's by now.
            if (!ByNumber.TryGetValue(descriptor.Number, out (Descriptor Descriptor, int? Peer) offered)
                || offered.Descriptor != descriptor)
            {
                return;
            }

            ByNumber.Remove(descriptor.Number);
        }

        descriptor.Dispose();
    }
}
