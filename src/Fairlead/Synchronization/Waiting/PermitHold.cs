using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A permit of a semaphore in this process's hands. Only its scope has a reference to it, so that a scope which is lost is found by the garbage collector.</summary>
/// <param name="core">Its memory is held until this has been left.</param>
/// <param name="keeper">Owns the seat, with the room for it.</param>
/// <param name="seat">Which.</param>
internal sealed class PermitHold(SemaphoreCore core, RobustKeeper keeper, int seat) : IDisposable
{
    private int _hasLeft;

    ~PermitHold()
    {
        if (_hasLeft == 0)
        {
            core.ReportLost();
        }
    }

    /// <summary>Gives the permit back. Harmless the second time.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
        {
            GC.SuppressFinalize(this);
            core.Leave(keeper, seat);
        }
    }
}
