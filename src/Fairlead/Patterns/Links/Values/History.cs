using System.Buffers;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Keeps the last messages of a publisher for late subscribers, limited by messages and bytes.</summary>
/// <remarks>
/// The byte limit does not apply to the very last message. Messages are copied into pooled memory. Not thread-safe: the publisher's lock
/// guards it.
/// </remarks>
internal sealed class History(int messages, long bytes)
{
    private RingQueue<Entry> _entries;
    private long _bytes;

    public int Count => _entries.Count;

    /// <summary>The most messages that it keeps.</summary>
    public int MostMessages => messages;

    /// <summary>The most bytes that it keeps, unless the very last message is longer.</summary>
    public long MostBytes => bytes;

    /// <summary>Adds a message, and removes the oldest ones beyond the limits.</summary>
    public void Add(string topic, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(head.Length + payload.Length);
        head.CopyTo(copy);
        payload.CopyTo(copy.AsSpan(head.Length));
        Entry entry = new(topic, copy, head.Length, payload.Length);
        _entries.Enqueue(entry);
        _bytes += entry.Length;
        while (_entries.Count > messages || (_bytes > bytes && _entries.Count > 1))
        {
            Entry oldest = _entries.Dequeue();
            _bytes -= oldest.Length;
            ArrayPool<byte>.Shared.Return(oldest.Copy);
        }
    }

    /// <summary>Returns a message, the oldest at index 0. Valid until the next message is added.</summary>
    public Entry this[int index] => _entries[index];

    /// <summary>A message in the history.</summary>
    internal readonly record struct Entry(string Topic, byte[] Copy, int HeadLength, int PayloadLength)
    {
        public int Length => HeadLength + PayloadLength;

        public ReadOnlySpan<byte> Head => Copy.AsSpan(0, HeadLength);

        public ReadOnlySpan<byte> Payload => Copy.AsSpan(HeadLength, PayloadLength);
    }
}
