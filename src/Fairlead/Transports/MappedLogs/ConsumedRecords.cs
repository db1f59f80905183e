using Fairlead.Logs;

namespace Fairlead.Transports.MappedLogs;

/// <summary>Tracks the consumed records of a named position: those that the user has got and returned.</summary>
/// <remarks>The position moves behind the last record before which all have been consumed.</remarks>
internal sealed class ConsumedRecords(LogFollower follower) : ConsumptionSink
{
    private readonly RankedLock _gate = new(LockRank.LogPositions);
    private readonly Queue<long> _taken = new();
    private readonly HashSet<long> _givenBack = [];
    private uint _handed;
    private uint _consumed;

    /// <summary>Adds a record that was taken from the log for the user.</summary>
    public void Add(long sequence)
    {
        using (_gate.Hold())
        {
            _taken.Enqueue(sequence);
        }
    }

    /// <summary>Notes how many records the user has got, modulo 2³². Other records that are released at the end were not read.</summary>
    public override void NoteHanded(uint messages)
    {
        using (_gate.Hold())
        {
            if ((int)(messages - _handed) > 0)
            {
                _handed = messages;
                Advance();
            }
        }
    }

    /// <summary>Notes that the user has returned a record.</summary>
    public void GiveBack(long sequence)
    {
        using (_gate.Hold())
        {
            _givenBack.Add(sequence);
            Advance();
        }
    }

    private void Advance()
    {
        long last = 0;
        while (_handed != _consumed && _taken.TryPeek(out long sequence) && _givenBack.Remove(sequence))
        {
            last = _taken.Dequeue();
            _consumed++;
        }

        if (last != 0)
        {
            follower.TryCommit(last + 1);
        }
    }
}
