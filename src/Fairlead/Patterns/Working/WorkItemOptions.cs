using Fairlead.Framing;

namespace Fairlead;

/// <summary>When a work queue hands out an item.</summary>
public readonly record struct WorkItemOptions
{
    private const int MostHeadBytes = 16;

    private static readonly long LastMillisecond = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Items with a higher priority are handed out first; default 0.</summary>
    /// <remarks>
    /// Items of one priority keep their order. Items with a low priority wait as long as there are others, which may be forever.
    /// </remarks>
    public byte Priority { get; init; }

    /// <summary>The time at which the item enters the queue, by the clock of the queue's machine; default: immediately.</summary>
    /// <remarks>In whole milliseconds. Until then the item counts against <see cref="WorkQueueOptions.MaxItems"/>.</remarks>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Returns the milliseconds since 1970 until which the item waits, rounded up: it must not be early. Zero: none.</summary>
    internal ulong Milliseconds
    {
        get
        {
            const long Epoch = 719_162 * TimeSpan.TicksPerDay;
            long ticks = NotBefore is { } time ? time.UtcTicks - Epoch : 0;
            return ticks <= 0 ? 0 : (ulong)((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
        }
    }

    /// <summary>Reads the options of a received item. What makes no sense counts as absent.</summary>
    internal static WorkItemOptions Read(ReadOnlySpan<byte> head)
    {
        byte priority = HeadReader.TryGet(head, HeadField.Priority, out ReadOnlySpan<byte> value) && value.Length == 1 ? value[0] : (byte)0;
        return Of(priority, HeadReader.TryGet(head, HeadField.NotBefore, out ulong milliseconds) ? milliseconds : 0);
    }

    /// <param name="priority">The priority.</param>
    /// <param name="milliseconds">As <see cref="Milliseconds"/>.</param>
    internal static WorkItemOptions Of(byte priority, ulong milliseconds) => new()
    {
        Priority = priority,
        NotBefore = milliseconds == 0
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(milliseconds, (ulong)LastMillisecond)),
    };

    /// <summary>Returns the head fields of what is not the default.</summary>
    internal byte[] ToHead()
    {
        HeadWriter head = new(stackalloc byte[MostHeadBytes]);
        if (Priority != 0)
        {
            head.Add(HeadField.Priority, [Priority]);
        }

        if (Milliseconds is not 0 and ulong time)
        {
            head.Add(HeadField.NotBefore, time);
        }

        return head.Written.ToArray();
    }
}
