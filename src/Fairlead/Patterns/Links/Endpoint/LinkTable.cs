using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The links of an endpoint, by their tokens in its poll set.</summary>
/// <remarks>
/// Also knows the links whose data the poll set does not report, and lists the links that need work: an idle link costs nothing per
/// iteration (<c>LinkTable.Due.cs</c>). Links are added and removed under the endpoint's gate. The table's own lock guards its
/// fields. Any thread may read the snapshots, which never change.
/// </remarks>
internal sealed partial class LinkTable(Pump pump)
{
    private readonly RankedLock _gate = new(LockRank.LinkTable);
    private readonly Dictionary<ulong, Link> _links = [];
    private Link[]? _all;
    private Link[] _announcing = [];
    private Link? _alone;
    private int _count;
    private int _upCount;

    // The listener has the first token.
    private ulong _lastToken = Pump.FirstToken;

    /// <summary>A snapshot of all links, made by the first reader after a change. Its cost grows with the number of links.</summary>
    public Link[] All => Volatile.Read(ref _all) ?? MakeSnapshot();

    /// <summary>Whether a reader has asked for all links since the last change.</summary>
    public bool HasSnapshot => Volatile.Read(ref _all) is not null;

    /// <summary>The number of links.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The number of links that are up, or whose peers have closed. Any thread; set under the gate.</summary>
    public int UpCount
    {
        get => Volatile.Read(ref _upCount);
        set => Volatile.Write(ref _upCount, value);
    }

    /// <summary>The only link, if its peer shares memory. Any thread; set under the gate.</summary>
    public Link? Alone => Volatile.Read(ref _alone);

    /// <summary>Returns a token that no other link has had. Under the gate.</summary>
    public ulong NewToken() => ++_lastToken;

    /// <summary>Adds a link. Under the gate.</summary>
    public void Add(Link link)
    {
        using (_gate.Hold())
        {
            _links.Add(link.Token, link);
            Update(link);
        }
    }

    /// <summary>Removes a link. Returns false if it is not in the table. Under the gate.</summary>
    public bool Remove(Link link)
    {
        using (_gate.Hold())
        {
            if (!_links.Remove(link.Token))
            {
                return false;
            }

            Update(link);
            return true;
        }
    }

    /// <summary>Returns whether a link is in the table.</summary>
    public bool Has(PeerLink link) => Find(link.Token) is not null;

    /// <summary>Returns the link with this token, or null if it has gone.</summary>
    public Link? Find(ulong token)
    {
        using (_gate.Hold())
        {
            return _links.GetValueOrDefault(token);
        }
    }

    /// <summary>Withdraws the announcements, and reads arrived data. Called by the leader.</summary>
    public void OnAwake(Completions completions)
    {
        foreach (Link link in Volatile.Read(ref _announcing))
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

    /// <summary>Adds the link's connection to the poll set; <see cref="Unwatch"/> removes it.</summary>
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

    /// <summary>Removes the connection of a link that has gone down from the poll set.</summary>
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

    /// <summary>Sets the events that a link waits for. Under its send lock.</summary>
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

    private Link[] MakeSnapshot()
    {
        using (_gate.Hold())
        {
            Link[] all = _all ?? [.. _links.Values];
            Volatile.Write(ref _all, all);
            return all;
        }
    }

    /// <summary>Follows a change of the links. Under the lock.</summary>
    private void Update(Link changed)
    {
        Volatile.Write(ref _all, null);
        Volatile.Write(ref _count, _links.Count);
        if (changed.Connection.Sleep is not null)
        {
            Link[] announcing = [.. _links.Values.Where(static link => link.Connection.Sleep is not null)];
            Volatile.Write(ref _announcing, announcing);
            pump.MemoryWaiter.Announcing = Array.ConvertAll(announcing, static link => (WaitedMemory)link.Reader);
        }

        Link? alone = _links.Count == 1 && _links.Values.First() is { Connection.Memory: not null } link ? link : null;
        Volatile.Write(ref _alone, alone);
        pump.MemoryWaiter.Alone = alone?.Reader;
    }
}
