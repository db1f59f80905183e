namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// A reader-writer lock that is written under in this process's hands. One that is lost is reported by its stay in the gate.
/// </summary>
/// <param name="core">Its memory is held until this has been left.</param>
/// <param name="gate">In the gate.</param>
internal sealed class WriteHold(ReaderWriterCore core, Stay gate) : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.WriteHold);
    private bool _isInDoubt = core.Words.IsInDoubt;
    private bool _hasLeft;

    public bool IsInDoubt
    {
        get
        {
            using (_lock.Hold())
            {
                return _isInDoubt && !_hasLeft;
            }
        }
    }

    public void MarkConsistent()
    {
        using (_lock.Hold())
        {
            if (_hasLeft)
            {
                throw Left();
            }

            _isInDoubt = false;
            core.NoteConsistent();
        }
    }

    /// <summary>Has written. Harmless the second time.</summary>
    public void Dispose()
    {
        using (_lock.Hold())
        {
            if (!_hasLeft)
            {
                _hasLeft = true;
                core.Leave(gate);
            }
        }
    }

    private ObjectDisposedException Left() => new(core.Description, "The scope has left the lock.");
}
