using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A reader's seat in this process's hands. Only its scope has a reference to it, so that a scope which is lost is found by the garbage collector.</summary>
/// <param name="core">Its memory is held until this has been left.</param>
/// <param name="keeper">Owns the seat, with the room for it.</param>
/// <param name="seat">Which.</param>
/// <param name="isInDoubt">Whether a writer had died inside, and nobody had put it right.</param>
internal sealed class ReadHold(ReaderWriterCore core, RobustKeeper keeper, int seat, bool isInDoubt) : IDisposable
{
    private int _hasLeft;

    ~ReadHold()
    {
        if (_hasLeft == 0)
        {
            core.ReportLost();
        }
    }

    public bool IsInDoubt => isInDoubt && Volatile.Read(ref _hasLeft) == 0;

    /// <summary>Has read. Harmless the second time.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
        {
            GC.SuppressFinalize(this);
            core.Leave(keeper, seat);
        }
    }
}
