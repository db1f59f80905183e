namespace Fairlead.Rpc.Streams;

/// <summary>The calls with streams that a server executes, by their identities.</summary>
/// <remarks>One lock. Frames of a call may overtake each other: the first makes the entry.</remarks>
/// <param name="most">The most calls.</param>
internal sealed class CallTable(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ServerCall> _calls = [];

    /// <summary>Returns a call.</summary>
    /// <returns>Null: there are too many.</returns>
    public ServerCall? Enter(Guid id)
    {
        lock (_lock)
        {
            if (_calls.TryGetValue(id, out ServerCall? call) || _calls.Count == most)
            {
                return call;
            }

            return _calls[id] = new ServerCall();
        }
    }

    /// <summary>Forgets a call.</summary>
    public void Remove(Guid id)
    {
        lock (_lock)
        {
            _calls.Remove(id);
        }
    }
}
