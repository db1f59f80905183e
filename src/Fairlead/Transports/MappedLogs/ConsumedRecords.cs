using Fairlead.Logs;

namespace Fairlead.Transports.MappedLogs;

/// <summary>
/// Which records of a named position have been consumed: handed to the user, and given back by him. The position stands behind the last
/// before which all have been.
/// </summary>
internal sealed class ConsumedRecords(LogFollower follower) : ConsumptionSink
{
    private readonly RankedLock _gate = new(LockRank.LogPositions);
    private readonly Queue<long> _taken = new();
    private readonly HashSet<long> _givenBack = [];
    private uint _handed;
    private uint _consumed;

    /// <summary>A record has been taken from the log, and lies here for the user.</summary>
    public void Add(long sequence)
    {
        using (_gate.Hold())
        {
            _taken.Enqueue(sequence);
        }
    }

    /// <summary>So many have been handed to the user, modulo 2³². What is given back without that, at the end, nobody has read.</summary>
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

    /// <summary>The user has let go of a record.</summary>
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
