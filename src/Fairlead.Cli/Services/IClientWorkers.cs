namespace Fairlead.Cli.Services;

/// <summary>Serves each client apart from the server's loop, in a process or a thread, with a limit for their number.</summary>
internal interface IClientWorkers
{
    /// <summary>The places of its clients.</summary>
    ClientPlaces Places { get; }

    /// <summary>Serves a client in the place that the caller has taken. Takes over the connection.</summary>
    void Start(SocketConnection connection, SocketListener listener, CancellationToken cancellationToken);
}
