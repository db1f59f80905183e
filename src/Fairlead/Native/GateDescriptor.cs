using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// A flag with a descriptor (an eventfd of this process alone) that is writable unless it is shut. Tells of room, as an
/// <see cref="EventDescriptor"/> tells of news.
/// </summary>
internal sealed class GateDescriptor : IDisposable
{
    /// <summary>As far as the counter goes: nothing can be added to it.</summary>
    private static readonly ulong Full = ulong.MaxValue - 1;

    private readonly EventDescriptor _event = new();

    public Descriptor Descriptor => _event.Descriptor;

    /// <summary>From now on it is not writable.</summary>
    public void Shut()
    {
        // Would block: it is shut already.
        _ = Descriptor.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in Full)));
    }

    /// <summary>From now on it is writable.</summary>
    public void Open() => _event.Drain();

    public void Dispose() => _event.Dispose();
}
