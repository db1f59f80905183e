using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The links of an endpoint, by their names in its poll set, and what concerns all of them that do not tell the poll set of what comes.
/// </summary>
/// <remarks>Changed under the endpoint's gate. The snapshots are seen by any thread, and never changed.</remarks>
internal sealed class LinkTable(Pump pump)
{
    private readonly Dictionary<ulong, Link> _links = [];
    private Link[] _all = [];
    private Link[] _announcing = [];
    private int _deferred;

    // The listener has the first.
    private ulong _lastToken = Pump.FirstToken;

    /// <summary>All at this moment, without a copy.</summary>
    public Link[] All => Volatile.Read(ref _all);

    /// <summary>Those whose peers must be told of a sleep.</summary>
    public Link[] Announcing => Volatile.Read(ref _announcing);

    /// <summary>A name that no other has had. Under the gate.</summary>
    public ulong NewToken() => ++_lastToken;

    /// <summary>Under the gate.</summary>
    public void Add(Link link)
    {
        _links.Add(link.Token, link);
        Update();
    }

    /// <summary>False where it is not there. Under the gate.</summary>
    public bool Remove(Link link)
    {
        if (!_links.Remove(link.Token))
        {
            return false;
        }

        Update();
        return true;
    }

    /// <summary>Under the gate.</summary>
    public bool Has(Link link) => _links.ContainsKey(link.Token);

    /// <summary>Null where it has gone. By the leader.</summary>
    public Link? Find(ulong token)
    {
        using (pump.Gate.Hold())
        {
            return _links.GetValueOrDefault(token);
        }
    }

    /// <summary>
    /// Announces the sleep to connections whose peers must know of it; false when one of them has something already. By the leader, or
    /// under the gate while nobody leads.
    /// </summary>
    public bool PrepareWait()
    {
        bool mayWait = true;
        foreach (Link link in Announcing)
        {
            try
            {
                mayWait &= link.Reader.PrepareWait();
            }
            catch (Exception exception)
            {
                link.Fail(exception);
                mayWait = false;
            }
        }

        return mayWait;
    }

    /// <summary>Takes the announcements back. As <see cref="PrepareWait"/>.</summary>
    public void EndWait()
    {
        foreach (Link link in Announcing)
        {
            link.Reader.EndWait();
        }
    }

    /// <summary>Takes the announcements back, and what has come. By the leader.</summary>
    public void OnAwake(Completions completions)
    {
        foreach (Link link in Announcing)
        {
            try
            {
                link.OnAwake(completions);
            }
            catch (Exception exception)
            {
                link.Fail(exception, completions);
            }
        }
    }

    /// <summary>One has left something lying, or no longer. Any thread.</summary>
    public void CountDeferred(int change) => Interlocked.Add(ref _deferred, change);

    /// <summary>
    /// A caller that is about to wait does not leave its question, or its answer, lying. What another thread leaves at this moment is the
    /// <see cref="Flusher"/>'s.
    /// </summary>
    public void FlushDeferred()
    {
        if (Volatile.Read(ref _deferred) == 0)
        {
            return;
        }

        foreach (Link link in All)
        {
            if (link.Output.IsDeferred)
            {
                link.Output.FlushDeferred();
            }
        }
    }

    /// <summary>From here on the poll set tells of its connection. The release is <see cref="Unwatch"/>.</summary>
    public void Watch(Link link)
    {
        pump.PollSet.Add(link.Connection.WaitDescriptor, link.Token, PollEvents.Read);
        if (link.Connection.OutputDescriptor is { } output)
        {
            pump.PollSet.Add(output, link.Token, PollEvents.None);
        }

        if (link.Connection.AbortDescriptor is { } abort)
        {
            pump.PollSet.Add(abort, link.Token, PollEvents.Read);
        }
    }

    /// <summary>Of one that has gone down.</summary>
    public void Unwatch(Link link)
    {
        pump.PollSet.Remove(link.Connection.WaitDescriptor);
        if (link.Connection.OutputDescriptor is { } output)
        {
            pump.PollSet.Remove(output);
        }

        if (link.Connection.AbortDescriptor is { } abort)
        {
            pump.PollSet.Remove(abort);
        }
    }

    /// <summary>What a link waits for. Under its send lock.</summary>
    public void SetInterest(Link link, PollEvents interest)
    {
        if (link.Connection.OutputDescriptor is not { } output)
        {
            pump.PollSet.Modify(link.Connection.WaitDescriptor, link.Token, interest);
            return;
        }

        pump.PollSet.Modify(link.Connection.WaitDescriptor, link.Token, interest & ~PollEvents.Write);
        pump.PollSet.Modify(output, link.Token, interest & PollEvents.Write);
    }

    private void Update()
    {
        Volatile.Write(ref _all, [.. _links.Values]);
        Volatile.Write(ref _announcing, [.. _links.Values.Where(static link => link.Connection.Sleep is not null)]);
        pump.Memory.Alone = _all is [{ Connection.Memory: not null } link] ? link : null;
    }
}
