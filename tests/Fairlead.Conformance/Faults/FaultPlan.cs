namespace Fairlead.Conformance.Faults;

/// <summary>Determines which call throws: the first, the second, and so on.</summary>
/// <param name="at">The number of the call; 0: none.</param>
public sealed class FaultPlan(int at)
{
    private int _calls;

    /// <summary>The number of calls so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Called before a connection is accepted.</summary>
    public Action? BeforeAccept { get; set; }

    /// <summary>Called when a flush has found no capacity, before its caller learns that. The argument is the number of calls at its
    /// beginning.</summary>
    public Action<int>? WhenBlocked { get; set; }

    /// <summary>Called before memory is reserved for a message. It may throw.</summary>
    public Action? BeforeReserve { get; set; }

    /// <summary>Counts a call.</summary>
    /// <exception cref="InjectedFaultException">The call is the one that throws.</exception>
    public void Step()
    {
        if (Interlocked.Increment(ref _calls) == at)
        {
            throw new InjectedFaultException($"call {at}");
        }
    }
}

/// <summary>The exception that a test injects into the product.</summary>
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
