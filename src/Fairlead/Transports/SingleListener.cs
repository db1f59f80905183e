using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>Accepts its only connection immediately: to an inherited descriptor, a log, or a bound datagram socket.</summary>
/// <param name="address">The address actually bound.</param>
/// <param name="connection">The connection, owned by the endpoint that accepts it.</param>
internal sealed class SingleListener(Address address, Connection connection) : IListener
{
    private readonly EventDescriptor _ready = Ready();
    private Connection? _connection = connection;

    public Address Address => address;

    /// <summary>The file of the address, if there is one. Disposed with the listener.</summary>
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
