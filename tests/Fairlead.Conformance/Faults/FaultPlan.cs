namespace Fairlead.Conformance.Faults;

/// <summary>Which call throws: the first, the second, and so on.</summary>
/// <param name="at">Its number; 0: none.</param>
public sealed class FaultPlan(int at)
{
    private int _calls;

    /// <summary>How many calls there were.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>One call.</summary>
    /// <exception cref="InjectedFaultException">It is the one.</exception>
    public void Step()
    {
        if (Interlocked.Increment(ref _calls) == at)
        {
            throw new InjectedFaultException($"call {at}");
        }
    }
}

/// <summary>What a test has thrown into the product.</summary>
public sealed class InjectedFaultException : Exception
{
    public InjectedFaultException()
    {
    }

    public InjectedFaultException(string message)
        : base(message)
    {
    }

    public InjectedFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
