namespace Fairlead.Rpc;

/// <summary>Objects of several clients that hear the same: tell all, or all but one.</summary>
/// <remarks>
/// Holds stubs of objects that clients have passed to the service. One whose client has disconnected leaves the group when it is told the
/// next time. One lock, never held during a call. Any thread. After the groups of SignalR.
/// </remarks>
/// <example>
/// <c>public void Join(IGuest guest) => _guests.Add(guest);</c> and <c>await _guests.TellAsync(guest => guest.HearAsync(line), except)</c>
/// </example>
/// <typeparam name="T">The contract of the objects. Its members should be awaited: a blocking one keeps the others waiting.</typeparam>
public sealed class RpcGroup<T>
    where T : class
{
    private readonly Lock _lock = new();
    private readonly HashSet<T> _members = new(ReferenceEqualityComparer.Instance);

    /// <summary>How many objects are in the group, those of clients that have just disconnected included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _members.Count;
            }
        }
    }

    /// <summary>Adds an object.</summary>
    /// <returns>False: it was in the group before.</returns>
    public bool Add(T member)
    {
        ArgumentNullException.ThrowIfNull(member);
        lock (_lock)
        {
            return _members.Add(member);
        }
    }

    /// <summary>Removes an object. Calls of it that are under way go on.</summary>
    /// <returns>False: it was not in the group.</returns>
    public bool Remove(T member)
    {
        ArgumentNullException.ThrowIfNull(member);
        lock (_lock)
        {
            return _members.Remove(member);
        }
    }

    /// <summary>Calls all objects at the same time, and waits for all. A failure keeps no other object from being called.</summary>
    /// <param name="tell">Calls one object.</param>
    /// <param name="except">The one object that is not called; null: all are.</param>
    /// <returns>How many objects were told, and the failures. Clients that have disconnected are no failures: they leave.</returns>
    public async Task<RpcTold<T>> TellAsync(Func<T, ValueTask> tell, T? except = null)
    {
        ArgumentNullException.ThrowIfNull(tell);
        T[] members;
        lock (_lock)
        {
            members = [.. _members];
        }

        members = [.. members.Where(member => !ReferenceEquals(member, except))];
        Exception?[] outcomes = await Task.WhenAll(members.Select(member => TellOneAsync(tell, member))).ConfigureAwait(false);
        List<RpcTellFailure<T>> failures = [];
        int told = 0;
        foreach ((T member, Exception? outcome) in members.Zip(outcomes))
        {
            if (outcome is null)
            {
                told++;
            }
            else if (outcome is FairleadException { Code: ErrorCode.PeerGone })
            {
                Remove(member);
            }
            else
            {
                failures.Add(new RpcTellFailure<T>(member, outcome));
            }
        }

        return new RpcTold<T>(told, failures);
    }

    private static async Task<Exception?> TellOneAsync(Func<T, ValueTask> tell, T member)
    {
        try
        {
            await tell(member).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}

/// <summary>What has become of the calls of a group.</summary>
/// <param name="Count">How many objects have executed the call.</param>
/// <param name="Failures">The objects whose call failed otherwise than by the end of the connection. They stay in the group.</param>
public sealed record RpcTold<T>(int Count, IReadOnlyList<RpcTellFailure<T>> Failures)
    where T : class;

/// <summary>A call of a group that failed.</summary>
/// <param name="Member">The object.</param>
/// <param name="Exception">Why.</param>
public readonly record struct RpcTellFailure<T>(T Member, Exception Exception)
    where T : class;
