using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Cli.Services;

/// <summary>The places of clients that are served at the same time.</summary>
/// <remarks>Owns the number of free places under its gate. The server's loop takes places, any thread releases them.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "Clients that still run at the end of the server release their places.")]
internal sealed class ClientPlaces(int most)
{
    private readonly Lock _gate = new();

    // One more than the taken places, until the caller of WaitForAll counts itself out.
    private readonly CountdownEvent _taken = new(1);
    private int _free = most;
    private Action? _released;

    /// <summary>Whether a place is free.</summary>
    public bool HasFree => Volatile.Read(ref _free) > 0;

    /// <summary>Takes a place, if one is free.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_free == 0)
            {
                return false;
            }

            _free--;
            _taken.AddCount();
            return true;
        }
    }

    /// <summary>Releases a place.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _free++;
            _taken.Signal();
            _released?.Invoke();
        }
    }

    /// <summary>Sets a short action for each release; null for none. When this returns, the previous one is not called any more.</summary>
    public void OnRelease(Action? released)
    {
        lock (_gate)
        {
            _released = released;
        }
    }

    /// <summary>Waits until no place is taken. No place may be taken after this.</summary>
    public void WaitForAll(CancellationToken cancellationToken)
    {
        _taken.Signal();
        _taken.Wait(cancellationToken);
    }
}
