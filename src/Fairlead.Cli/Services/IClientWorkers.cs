namespace Fairlead.Cli.Services;

/// <summary>Serves each client apart from the server's loop, in a process or a thread, with a limit for their number.</summary>
internal interface IClientWorkers
{
    /// <summary>Waits until one more may start.</summary>
    void WaitForPlace(CancellationToken cancellationToken);

    /// <summary>Returns a place that was not used.</summary>
    void ReleasePlace();

    /// <summary>Serves a client in the place that the caller has waited for. Takes over the connection.</summary>
    void Start(SocketConnection connection, SocketListener listener, CancellationToken cancellationToken);

    /// <summary>Waits until all clients have gone. No client may start after this.</summary>
    void WaitForAll(CancellationToken cancellationToken);
}
