using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;

namespace Fairlead.Registry;

/// <summary>
/// The counters of an endpoint, in memory that other processes can read. Any thread may count, also after the endpoint was closed: the
/// memory is released with the last reference to this object.
/// </summary>
internal sealed unsafe class EndpointCounters
{
    // The mapping of an entry, or an array. Never disposed, but left to the garbage collector: a thread that still counts must not touch
    // unmapped memory. KeepAlive after each access keeps this object, and with it the memory, until the access is over.
    private readonly object _memory;
    private readonly byte* _page;

    /// <summary>Creates counters in an entry.</summary>
    public EndpointCounters(MappedFile mapping)
    {
        _memory = mapping;
        _page = mapping.Pointer;
    }

    /// <summary>Creates private counters, on the heap: this works even if nothing can be mapped.</summary>
    public EndpointCounters()
    {
        var page = GC.AllocateArray<long>(EndpointLayout.Size / sizeof(long), pinned: true);
        _memory = page;
        _page = (byte*)Unsafe.AsPointer(ref page[0]);
    }

    public long MessagesSent => Read(EndpointLayout.MessagesSent) + Read(EndpointLayout.MessagesShared);

    public long MessagesReceived => Read(EndpointLayout.MessagesReceived);

    public long BytesSent => Read(EndpointLayout.BytesSent) + Read(EndpointLayout.BytesShared);

    public long BytesReceived => Read(EndpointLayout.BytesReceived);

    public long QueueDepth => Read(EndpointLayout.QueueDepth);

    public long Dropped => Read(EndpointLayout.Dropped);

    public long Missed => Read(EndpointLayout.Missed);

    public long Clients => Read(EndpointLayout.Clients);

    /// <summary>1 while its broker takes nothing from it; otherwise 0.</summary>
    public long Blocked => Read(EndpointLayout.State) == EndpointLayout.Blocked ? 1 : 0;

    /// <summary>1 while it seeks its peer or its broker; otherwise 0.</summary>
    public long Reconnecting => Read(EndpointLayout.State) == EndpointLayout.Reconnecting ? 1 : 0;

    /// <summary>Counts one sent message with its size.</summary>
    public void AddSent(long bytes) => AddSent(1, bytes);

    /// <summary>Counts one sent message with its size. One thread at a time, with no other thread counting sent messages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddSentAlone(long bytes)
    {
        ref long messages = ref At(EndpointLayout.MessagesSent);
        Volatile.Write(ref messages, messages + 1);
        ref long sum = ref At(EndpointLayout.BytesSent);
        Volatile.Write(ref sum, sum + bytes);
        GC.KeepAlive(this);
    }

    /// <summary>Counts a batch of sent messages.</summary>
    public void AddSent(long messages, long bytes)
    {
        Interlocked.Add(ref At(EndpointLayout.MessagesSent), messages);
        Interlocked.Add(ref At(EndpointLayout.BytesSent), bytes);
        GC.KeepAlive(this);
    }

    /// <summary>Counts a message that was written once for many. One thread at a time, beside all others that count.</summary>
    /// <remarks>
    /// The other counters of sent messages need a locked addition. Here it would wait until the message has reached the memory that the
    /// readers have in their caches.
    /// </remarks>
    /// <param name="readers">For how many it was written: so many messages are sent.</param>
    /// <param name="bytes">The length of the payload.</param>
    public void AddShared(long readers, long bytes)
    {
        ref long messages = ref At(EndpointLayout.MessagesShared);
        Volatile.Write(ref messages, messages + readers);
        ref long sum = ref At(EndpointLayout.BytesShared);
        Volatile.Write(ref sum, sum + (readers * bytes));
        GC.KeepAlive(this);
    }

    /// <summary>Counts one received message with its size. One thread at a time, with no other thread counting a batch.</summary>
    public void AddReceived(long bytes)
    {
        ref long messages = ref At(EndpointLayout.MessagesReceived);
        Volatile.Write(ref messages, messages + 1);
        ref long sum = ref At(EndpointLayout.BytesReceived);
        Volatile.Write(ref sum, sum + bytes);
        GC.KeepAlive(this);
    }

    /// <summary>Counts a batch of received messages.</summary>
    public void AddReceived(long messages, long bytes)
    {
        Interlocked.Add(ref At(EndpointLayout.MessagesReceived), messages);
        Interlocked.Add(ref At(EndpointLayout.BytesReceived), bytes);
        GC.KeepAlive(this);
    }

    /// <summary>Sets the number of messages that wait for the user of this end.</summary>
    public void SetQueueDepth(long messages) => Write(EndpointLayout.QueueDepth, messages);

    /// <summary>Counts messages dropped by the policy of the user.</summary>
    public void AddDropped(long messages) => Add(EndpointLayout.Dropped, messages);

    /// <summary>Counts messages that a subscriber was too slow for.</summary>
    public void AddMissed(long messages) => Add(EndpointLayout.Missed, messages);

    /// <summary>Counts received messages that belong to a protocol above.</summary>
    public void AddControl(long messages) => Add(EndpointLayout.Control, messages);

    /// <summary>Sets the number of connected peers.</summary>
    public void SetClients(long clients) => Write(EndpointLayout.Clients, clients);

    /// <summary>Sets the state that other processes see.</summary>
    public void SetState(EndpointState state) =>
        Write(
            EndpointLayout.State,
            state switch
            {
                EndpointState.Blocked => EndpointLayout.Blocked,
                EndpointState.Reconnecting => EndpointLayout.Reconnecting,
                _ => EndpointLayout.Usual,
            });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref long At(int offset) => ref *(long*)(_page + offset);

    private long Read(int offset)
    {
        var value = Volatile.Read(ref At(offset));
        GC.KeepAlive(this);
        return value;
    }

    private void Write(int offset, long value)
    {
        Volatile.Write(ref At(offset), value);
        GC.KeepAlive(this);
    }

    private void Add(int offset, long value)
    {
        Interlocked.Add(ref At(offset), value);
        GC.KeepAlive(this);
    }
}
