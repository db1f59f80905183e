using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>
/// Messages that were handed out, and whose acknowledgement waits until their taker releases them: a bridge, which does so when a broker
/// has confirmed them.
/// </summary>
/// <remarks>
/// Owns their numbers under its own lock, inside which no other lock is taken. Messages are added under the endpoint's gate, before they
/// count as consumed; the taker releases them in their order, on any thread.
/// </remarks>
internal sealed class HeldBack
{
    private readonly RankedLock _gate = new(LockRank.HeldBack);
    private RingQueue<uint> _numbers;

    /// <summary>Whether a message waits for its release.</summary>
    public bool Any
    {
        get
        {
            using (_gate.Hold())
            {
                return _numbers.Count > 0;
            }
        }
    }

    /// <summary>Adds the message that is about to be consumed.</summary>
    public void Add(uint number)
    {
        using (_gate.Hold())
        {
            _numbers.Enqueue(number);
        }
    }

    /// <summary>Takes the last message back: it was dropped instead of handed out.</summary>
    public void RemoveLast()
    {
        using (_gate.Hold())
        {
            _ = _numbers.RemoveAt(_numbers.Count - 1);
        }
    }

    /// <summary>Releases the first messages.</summary>
    public void Release(int count)
    {
        using (_gate.Hold())
        {
            for (int i = 0; i < count && _numbers.Count > 0; i++)
            {
                _ = _numbers.Dequeue();
            }
        }
    }

    /// <summary>Returns how many messages may be acknowledged: all consumed ones before the first that is held.</summary>
    public uint Released(uint consumed)
    {
        using (_gate.Hold())
        {
            return _numbers.Count > 0 ? _numbers[0] - 1 : consumed;
        }
    }
}
