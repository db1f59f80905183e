namespace Fairlead.Native.Waiting;

/// <summary>
/// A poll set of a descriptor and a flag: readable when the descriptor is, and from <see cref="Signal"/> to <see cref="Drain"/>.
/// </summary>
internal sealed class FlaggedPollSet : IDisposable
{
    private readonly PollSet _set = new();
    private readonly EventDescriptor _flag;

    /// <param name="watched">The descriptor, which stays its owner's.</param>
    /// <exception cref="FairleadException">Unavailable: the system has no descriptors or memory left.</exception>
    public FlaggedPollSet(Descriptor watched)
    {
        try
        {
            _flag = new EventDescriptor();
            _set.Add(watched, 0, PollEvents.Read);
            _set.Add(_flag.Descriptor, 1, PollEvents.Read);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The set, to wait for.</summary>
    public Descriptor Descriptor => _set.Descriptor;

    /// <inheritdoc cref="EventDescriptor.Signal"/>
    public bool Signal() => _flag.Signal();

    /// <inheritdoc cref="EventDescriptor.Drain"/>
    public bool Drain() => _flag.Drain();

    public void Dispose()
    {
        _set.Dispose();
        _flag?.Dispose();
    }
}
