using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>Counts sent messages and their bytes, and how many of them are unacknowledged.</summary>
/// <remarks>
/// Kept as sums: acknowledging any number of messages costs as much as one, and a sent message costs three stores. Not thread-safe: the
/// link's send lock guards it. The counts may be read without it, as hints.
/// </remarks>
internal struct Unacknowledged
{
    // For each message, the bytes of all messages up to it, at the message's number modulo the length of the array.
    private long[]? _sums;
    private long _acknowledged;
    private long _acknowledgedBytes;

    /// <summary>The total number of messages sent.</summary>
    public long Sent { get; private set; }

    /// <summary>The bytes of all messages sent.</summary>
    public long SentBytes { get; private set; }

    /// <summary>The number of unacknowledged messages.</summary>
    public readonly int Count => (int)(Sent - _acknowledged);

    /// <summary>The bytes of the unacknowledged messages.</summary>
    public readonly long Bytes => SentBytes - _acknowledgedBytes;

    /// <summary>The number of messages that there is memory for.</summary>
    public readonly int Places => _sums is { } sums ? sums.Length : 0;

    /// <summary>All counts, for a broadcast slot that continues them.</summary>
    public readonly BroadcastTally Tally => new(Sent, SentBytes, Count, Bytes);

    /// <summary>Counts a sent message.</summary>
    public void Add(long bytes)
    {
        if (Count >= Places)
        {
            Grow(Count + 1);
        }

        AddInPlace(bytes);
    }

    /// <summary>Counts a sent message if there is memory for one more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInPlace(long bytes)
    {
        long[] sums = _sums!;
        long number = Sent;
        long sum = SentBytes + bytes;
        sums[(int)number & (sums.Length - 1)] = sum;
        SentBytes = sum;
        Sent = number + 1;
    }

    /// <summary>Counts a sent message that will not be acknowledged.</summary>
    public void AddUnanswered(long bytes)
    {
        Sent++;
        SentBytes += bytes;
        _acknowledged++;
        _acknowledgedBytes += bytes;
    }

    /// <summary>Acknowledges the oldest messages, at most as many as there are.</summary>
    public void Acknowledge(uint count)
    {
        if (count > 0)
        {
            _acknowledged += count;
            _acknowledgedBytes = _sums![(int)(_acknowledged - 1) & (_sums.Length - 1)];
        }
    }

    /// <summary>Takes over the counts of a broadcast slot. Only the last of its unacknowledged messages gets any bytes.</summary>
    public void Restore(in BroadcastTally tally)
    {
        Grow((int)tally.Outstanding);
        (Sent, SentBytes) = (tally.Sent, tally.SentBytes);
        _acknowledged = tally.Sent - tally.Outstanding;
        _acknowledgedBytes = tally.SentBytes - tally.OutstandingBytes;
        for (long number = _acknowledged; number < Sent; number++)
        {
            _sums[(int)number & (_sums.Length - 1)] = number == Sent - 1 ? SentBytes : _acknowledgedBytes;
        }
    }

    /// <summary>Makes space for this many messages.</summary>
    [MemberNotNull(nameof(_sums))]
    private void Grow(int count)
    {
        long[] sums = _sums ?? [];
        if (_sums is null || count > sums.Length)
        {
            long[] larger = new long[Math.Max(16, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count))];
            for (long number = _acknowledged; number < Sent; number++)
            {
                larger[(int)number & (larger.Length - 1)] = sums[(int)number & (sums.Length - 1)];
            }

            _sums = larger;
        }
    }
}
