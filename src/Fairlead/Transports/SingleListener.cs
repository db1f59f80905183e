using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>
/// Yields the one connection that there is, at once: to what was inherited, to a log, or to a bound socket of datagrams that hears
/// everybody.
/// </summary>
/// <param name="address">The address that was really bound.</param>
/// <param name="connection">What is accepted; owned by whoever does.</param>
internal sealed class SingleListener(Address address, Connection connection) : IListener
{
    private readonly EventDescriptor _ready = Ready();
    private Connection? _connection = connection;

    public Address Address => address;

    /// <summary>What stands for it among the files, where something does; disposed with the listener.</summary>
    public IDisposable? Place { get; init; }

    public FileIdentity File { get; init; }

    public bool YieldsOne { get; init; }

    public Descriptor WaitDescriptor => _ready.Descriptor;

    public Connection? TryAccept()
    {
        _ready.Drain();
        return Interlocked.Exchange(ref _connection, null);
    }

    public void Dispose()
    {
        Place?.Dispose();
        Interlocked.Exchange(ref _connection, null)?.Dispose();
        _ready.Dispose();
    }

    private static EventDescriptor Ready()
    {
        EventDescriptor ready = new();
        ready.Signal();
        return ready;
    }
}
