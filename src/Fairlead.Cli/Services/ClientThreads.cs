using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>Serves each client in a thread.</summary>
internal sealed class ClientThreads(Service service, int most, bool isVerbose) : IClientWorkers
{
    // A session needs little, and there may be many.
    private const int StackSize = 256 * 1024;

    public ClientPlaces Places { get; } = new(most);

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
            Places.Release();
            ErrorLine.Write("a client was disconnected: the system starts no more threads. Lower --max-children, or see ulimit -u");
        }
    }

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
            Places.Release();
        }
    }
}
