using Fairlead.Synchronization.Waiting;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>A wait for a change of one cell or of several.</summary>
internal sealed unsafe class BoardAttempt : LockAttempt
{
    private readonly BoardCore _core;
    private readonly Func<IReadOnlyList<BoardReader>> _readers;
    private readonly DoorbellWord _doorbell;
    private readonly List<BoardChange> _changes = [];

    /// <param name="core">Its memory is kept until this has ended.</param>
    /// <param name="readers">Those to look at, as there are at that moment.</param>
    /// <param name="bell">The wake-up word of all writers of these cells.</param>
    public BoardAttempt(BoardCore core, Func<IReadOnlyList<BoardReader>> readers, DoorbellWord bell)
    {
        _core = core;
        _readers = readers;
        _doorbell = bell;
        core.Enter();
    }

    /// <summary>The changes, after the wait has ended with them.</summary>
    public IReadOnlyList<BoardChange> Changes => _changes;

    public override bool TryAdvance(out int* word, out int value)
    {
        word = _doorbell.Word;
        value = 0;
        if (Look())
        {
            return true;
        }

        value = _doorbell.Announce();

        // A writer that dies between its value and the bell wakes no one: its end does, which is watched from here on.
        foreach (BoardReader reader in _readers())
        {
            reader.MarkGone();
        }

        return Look();
    }

    public override void Abandon() => _core.Exit();

    private bool Look()
    {
        foreach (BoardReader reader in _readers())
        {
            if (reader.TryTakeChange(out BoardChange change))
            {
                _changes.Add(change);
            }
        }

        if (_changes.Count == 0)
        {
            return false;
        }

        _core.Exit();
        return true;
    }
}
