namespace Fairlead.NamedHandles.Pipes;

/// <summary>The place at which one instance of a server waits for its next client.</summary>
internal interface IPipeEntrance : IDisposable
{
    /// <summary>Lets the next client in, as long as the instance has none. Called again after each client.</summary>
    /// <returns>Completes when a client is there. The same task until <see cref="Take"/>.</returns>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    Task<PipeLink> Open();

    /// <summary>Notes that the server has got the client of <see cref="Open"/>.</summary>
    void Take();
}
