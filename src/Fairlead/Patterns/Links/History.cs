using System.Buffers;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The last messages of a publisher, for those who come later: at most so many, and, but for the very last, at most so many bytes. What is
/// kept is a copy, in memory that is used again. Not thread-safe: the publisher's lock holds it.
/// </summary>
internal sealed class History(int messages, long bytes)
{
    private RingQueue<Entry> _entries;
    private long _bytes;

    public int Count => _entries.Count;

    /// <summary>Keeps a message, and forgets what is too much.</summary>
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

    /// <summary>One of those that are kept, the oldest first. Valid until the next is added.</summary>
    public Entry this[int index] => _entries[index];

    /// <summary>A message that is kept.</summary>
    internal readonly record struct Entry(string Topic, byte[] Copy, int HeadLength, int PayloadLength)
    {
        public int Length => HeadLength + PayloadLength;

        public ReadOnlySpan<byte> Head => Copy.AsSpan(0, HeadLength);

        public ReadOnlySpan<byte> Payload => Copy.AsSpan(HeadLength, PayloadLength);
    }
}
