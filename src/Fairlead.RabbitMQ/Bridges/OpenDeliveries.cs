namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The deliveries of a channel that are not acknowledged, and which acknowledgement is next.</summary>
/// <remarks>
/// Under the lock of its owner. Tags ascend, and some are missing: the channel also counts deliveries that need no acknowledgement.
/// The prefetch limits the deliveries that are not acknowledged. Those that are settled behind one that lasts have no limit, and are
/// forgotten.
/// </remarks>
internal sealed class OpenDeliveries
{
    /// <summary>With fewer that are done, removing them costs more than it saves.</summary>
    private const int FewDone = 32;

    // In the order of their tags. Those that are done are removed together, when most are.
    private readonly List<Delivery> _deliveries = [];

    // Accepted behind one that is not settled: they do not wait for it, because it may last.
    private readonly Queue<ulong> _behind = new();

    // The first that is not settled, by its index.
    private int _first;
    private int _done;

    // The last accepted one before it, and how many an acknowledgement of all up to that one is for. The broker must still know the
    // delivery that an acknowledgement names: never one that went back, or was acknowledged alone.
    private ulong _last;
    private int _inOrder;

    private enum State
    {
        /// <summary>With the user, or about to go back.</summary>
        Unsettled,

        /// <summary>Accepted behind one that is not settled, and not acknowledged.</summary>
        Accepted,

        /// <summary>Acknowledged, sent back, or before the first that is not settled.</summary>
        Done,
    }

    /// <summary>How many are accepted and not acknowledged.</summary>
    public int Accepted { get; private set; }

    /// <summary>How many are remembered.</summary>
    public int Count => _deliveries.Count;

    /// <summary>A delivery has come. Its tag is higher than all before.</summary>
    public void Begin(ulong tag)
    {
        if (_done > FewDone && _done > _deliveries.Count / 2)
        {
            _deliveries.RemoveAll(static one => one.State == State.Done);
            (_first, _done) = (0, 0);
        }

        _deliveries.Add(new Delivery(tag, State.Unsettled));
    }

    /// <summary>The delivery is accepted, or has gone back. One that goes back with the channel is never settled.</summary>
    public void Settle(ulong tag, bool isAccepted)
    {
        int index = IndexOf(tag);
        Accepted += isAccepted ? 1 : 0;
        if (index != _first)
        {
            Set(index, isAccepted ? State.Accepted : State.Done);
            if (isAccepted)
            {
                _behind.Enqueue(tag);
            }

            return;
        }

        Pass(isAccepted);
        while (_first < _deliveries.Count && _deliveries[_first].State != State.Unsettled)
        {
            Pass(_deliveries[_first].State == State.Accepted);
        }
    }

    /// <summary>Takes the next acknowledgement: of all in order, or of one behind a delivery that lasts.</summary>
    public bool TryTake(out ulong tag, out bool isMultiple)
    {
        isMultiple = _inOrder > 0;
        if (isMultiple)
        {
            tag = _last;
            Accepted -= _inOrder;
            _inOrder = 0;
            return true;
        }

        while (_behind.TryDequeue(out tag))
        {
            // Otherwise it has come into the order meanwhile.
            int index = IndexOf(tag);
            if (index >= 0 && _deliveries[index].State == State.Accepted)
            {
                Set(index, State.Done);
                Accepted--;
                return true;
            }
        }

        return false;
    }

    private void Pass(bool isAccepted)
    {
        if (isAccepted)
        {
            _last = _deliveries[_first].Tag;
            _inOrder++;
        }

        Set(_first, State.Done);
        _first++;
    }

    private void Set(int index, State state)
    {
        _done += state == State.Done && _deliveries[index].State != State.Done ? 1 : 0;
        _deliveries[index] = _deliveries[index] with { State = state };
    }

    /// <summary>Returns where a delivery is, or -1 if it has been removed.</summary>
    private int IndexOf(ulong tag)
    {
        (int low, int high) = (0, _deliveries.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) / 2;
            ulong found = _deliveries[middle].Tag;
            if (found == tag)
            {
                return middle;
            }

            (low, high) = found < tag ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private readonly record struct Delivery(ulong Tag, State State);
}
