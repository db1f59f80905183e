namespace Fairlead.Native.Sockets;

/// <summary>
/// Open descriptors of this process that can be opened once by their numbers (<c>fd://7</c>): a parent's end of a channel to its child, or
/// a child's end of its channel. Until they are taken, the offerer owns them and withdraws them.
/// </summary>
internal static class OfferedDescriptors
{
    private static readonly RankedLock Gate = new(LockRank.OfferedDescriptors);
    private static readonly Dictionary<int, (Descriptor Descriptor, int? Peer)> ByNumber = [];

    /// <summary>Offers a descriptor. <see cref="Withdraw"/> undoes it.</summary>
    /// <param name="descriptor">The open descriptor.</param>
    /// <param name="peer">The process at the other end, if known.</param>
    public static void Offer(Descriptor descriptor, int? peer)
    {
        using (Gate.Hold())
        {
            ByNumber[descriptor.Number] = (descriptor, peer);
        }
    }

    /// <summary>Takes ownership of all of them, or none: from now on the caller closes them.</summary>
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

    /// <summary>Closes the descriptor unless it has been taken. Undoes <see cref="Offer"/>.</summary>
    public static void Withdraw(Descriptor descriptor)
    {
        using (Gate.Hold())
        {
            // If the taker has closed it, the number may have been reused by now.
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
