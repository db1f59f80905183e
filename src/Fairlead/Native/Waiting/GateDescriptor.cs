using System.Runtime.InteropServices;

namespace Fairlead.Native.Waiting;

/// <summary>
/// A flag with a descriptor (a private eventfd) that is writable unless it is shut. It signals capacity, as an
/// <see cref="EventDescriptor"/> signals news.
/// </summary>
internal sealed class GateDescriptor : IDisposable
{
    /// <summary>The maximum of the counter: nothing can be added to it.</summary>
    private static readonly ulong Full = ulong.MaxValue - 1;

    private readonly EventDescriptor _event = new();

    public Descriptor Descriptor => _event.Descriptor;

    /// <summary>Makes it not writable.</summary>
    public void Shut()
    {
        // Would block: it is shut already.
        _ = Descriptor.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in Full)));
    }

    /// <summary>Makes it writable.</summary>
    /// <returns>Whether it was shut, and the kernel has opened it.</returns>
    public bool Open() => _event.Drain();

    public void Dispose() => _event.Dispose();
}
