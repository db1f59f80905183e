namespace Fairlead.Native.Waiting;

/// <summary>
/// A flag with a descriptor (a private eventfd): readable from <see cref="Signal"/> to <see cref="Drain"/>. Wakes a thread that waits in a
/// <see cref="PollSet"/>.
/// </summary>
internal sealed class EventDescriptor : IDisposable
{
    public EventDescriptor()
    {
        var number = Libc.EventDescriptor(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        if (number < 0)
        {
            throw ErrnoMap.Failure("cannot create an event descriptor", Libc.LastError);
        }

        Descriptor = new Descriptor(number);
    }

    public Descriptor Descriptor { get; }

    /// <summary>Sets the flag. Any number of signals before a drain count as one.</summary>
    /// <returns>Whether the kernel has taken the signal.</returns>
    public bool Signal()
    {
        // Would block: the counter is full, and the flag is set. Closed: no thread is left to wake. Both are fine.
        ulong one = 1;
        return Descriptor.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in one))).Ok;
    }

    /// <summary>Clears the flag; returns whether it was set. Drain first and then look for work, or a signal may get lost.</summary>
    public bool Drain()
    {
        Span<byte> counter = stackalloc byte[sizeof(ulong)];
        return Descriptor.Read(counter).Ok;
    }

    public void Dispose() => Descriptor.Dispose();
}
