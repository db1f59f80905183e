namespace Fairlead.Rpc.Callbacks;

/// <summary>The objects of a session that the server may call, by their numbers.</summary>
/// <remarks>Owns the objects and their numbers, under one lock. Any thread.</remarks>
internal sealed class CallbackTargets
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, CallbackTarget> _targets = [];
    private int _lastNumber;

    /// <summary>How many objects there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _targets.Count;
            }
        }
    }

    /// <summary>Returns the number of an object, 1 or more, which is known as long as the session.</summary>
    /// <param name="target">The object.</param>
    /// <param name="contract">Its contract.</param>
    /// <param name="skeleton">Makes its skeleton. Called only for an object without a number.</param>
    public int NumberOf(object target, RpcDescription contract, Func<RpcSkeleton> skeleton)
    {
        lock (_lock)
        {
            if (!_numbers.TryGetValue(target, out int number))
            {
                number = NextNumber();
                _targets[number] = new CallbackTarget(contract, skeleton());
                _numbers[target] = number;
            }

            return number;
        }
    }

    /// <summary>Returns a number for an object that is known during calls only.</summary>
    public int Reserve()
    {
        lock (_lock)
        {
            return NextNumber();
        }
    }

    /// <summary>A call begins that passes an object.</summary>
    public void Keep(int number, CallbackTarget target)
    {
        lock (_lock)
        {
            target.Calls = (target.Calls ?? 0) + 1;
            _targets[number] = target;
        }
    }

    /// <summary>A call that has passed an object has ended.</summary>
    public void Release(int number, CallbackTarget target)
    {
        lock (_lock)
        {
            if (--target.Calls == 0)
            {
                _targets.Remove(number);
            }
        }
    }

    /// <summary>Returns the object of a number, or null.</summary>
    public CallbackTarget? Find(int number)
    {
        lock (_lock)
        {
            return _targets.GetValueOrDefault(number);
        }
    }

    /// <summary>Returns whether the session lasts for which an object was passed, or one of the calls that passed it.</summary>
    public bool IsKnown(CallbackTarget target)
    {
        lock (_lock)
        {
            return target.Calls is not 0;
        }
    }

    // Not one that is in use: after 2³¹ numbers the first ones come again.
    private int NextNumber()
    {
        do
        {
            _lastNumber = _lastNumber == int.MaxValue ? 1 : _lastNumber + 1;
        }
        while (_targets.ContainsKey(_lastNumber));

        return _lastNumber;
    }
}
