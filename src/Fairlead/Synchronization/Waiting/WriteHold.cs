namespace Fairlead.Synchronization.Waiting;

/// <summary>The entry of a writer in this process. If it is never disposed, its entry into the gate reports that.</summary>
/// <param name="core">The lock; the writer holds a reference to its memory until it leaves.</param>
/// <param name="gate">The writer's entry into the gate.</param>
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

    /// <summary>Ends writing. Harmless the second time.</summary>
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
