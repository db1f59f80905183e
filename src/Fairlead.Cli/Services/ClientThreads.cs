using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>Serves each client in a thread.</summary>
internal sealed class ClientThreads(Service service, int most, bool isVerbose) : IClientWorkers
{
    // A session needs little, and there may be many.
    private const int StackSize = 256 * 1024;

    private readonly ClientPlaces _places = new(most);

    public void WaitForPlace(CancellationToken cancellationToken) => _places.Wait(cancellationToken);

    public void ReleasePlace() => _places.Release();

    public void Start(SocketConnection connection, SocketListener listener, CancellationToken cancellationToken)
    {
        try
        {
            Thread thread = new(() => Serve(connection, cancellationToken), StackSize) { IsBackground = true, Name = "client" };
            thread.Start();
            if (isVerbose)
            {
                ErrorLine.WriteBare($"thread {thread.ManagedThreadId} serves {connection.Peer}");
            }
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            connection.Dispose();
            _places.Release();
            ErrorLine.Write("a client was disconnected: the system starts no more threads. Lower --max-children, or see ulimit -u");
        }
    }

    public void WaitForAll(CancellationToken cancellationToken) => _places.WaitForAll(cancellationToken);

    private void Serve(SocketConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            ServiceServer.ServeAlone(new ByteSession(connection, service), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
        catch (FairleadException exception)
        {
            ErrorLine.Write($"a client was disconnected: {exception.Message}");
        }
        finally
        {
            _places.Release();
        }
    }
}
