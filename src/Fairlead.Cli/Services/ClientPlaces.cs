using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Cli.Services;

/// <summary>The places of clients that are served at once.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Clients that still run at the end of the server release their places.")]
internal sealed class ClientPlaces(int most)
{
    private readonly SemaphoreSlim _free = new(most);

    // One more than the taken places, until the caller of WaitForAll counts itself out.
    private readonly CountdownEvent _taken = new(1);

    public void Wait(CancellationToken cancellationToken)
    {
        _free.Wait(cancellationToken);
        _taken.AddCount();
    }

    public void Release()
    {
        _free.Release();
        _taken.Signal();
    }

    /// <summary>Waits until no place is taken. No place may be taken after this.</summary>
    public void WaitForAll(CancellationToken cancellationToken)
    {
        _taken.Signal();
        _taken.Wait(cancellationToken);
    }
}
