using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <content>The links that need work: each link joins the list for its kind of work itself, and idle links are in none.</content>
internal sealed partial class LinkTable
{
    private readonly List<Link> _deferred = [];
    private int _deferredCount;

    // Threads with any lock held push; the leader takes all.
    private Link? _failed;

    // The leader's own.
    private readonly List<Link> _peerClosed = [];

    /// <summary>Lists a link that the pump must end because of an exception. Once for each link; any thread, with any lock
    /// held.</summary>
    public void AddFailed(Link link)
    {
        Link? top;
        do
        {
            top = Volatile.Read(ref _failed);
            link.NextFailed = top;
        }
        while (Interlocked.CompareExchange(ref _failed, link, top) != top);
    }

    /// <summary>Lists a link whose peer sends no more. Called by the leader.</summary>
    public void AddPeerClosed(Link link) => _peerClosed.Add(link);

    /// <summary>Ends the links that have failed, and those whose peers have closed and that are done. Called by the leader.</summary>
    public void Settle(Completions completions)
    {
        Link? failed = Volatile.Read(ref _failed) is null ? null : Interlocked.Exchange(ref _failed, null);
        while (failed is { Fault: { } fault } link)
        {
            (failed, link.NextFailed) = (link.NextFailed, null);
            if (Has(link))
            {
                link.Fail(fault, completions);
            }
        }

        int kept = 0;
        for (int i = 0; i < _peerClosed.Count; i++)
        {
            Link link = _peerClosed[i];
            try
            {
                link.EndIfPeerClosed(completions);
            }
            catch (Exception exception)
            {
                link.Fail(exception, completions);
            }

            if (link.State == LinkState.PeerClosed)
            {
                _peerClosed[kept++] = link;
            }
        }

        _peerClosed.RemoveRange(kept, _peerClosed.Count - kept);
    }

    /// <summary>Lists a link whose output is deferred, or removes it. Under the link's send lock, and a full fence.</summary>
    public void NoteDeferred(Link link, bool isDeferred)
    {
        using (_gate.Hold())
        {
            if (isDeferred)
            {
                link.DeferredAt = _deferred.Count;
                _deferred.Add(link);
            }
            else
            {
                Link last = _deferred[^1];
                _deferred[link.DeferredAt] = last;
                last.DeferredAt = link.DeferredAt;
                _deferred.RemoveAt(_deferred.Count - 1);
            }

            Volatile.Write(ref _deferredCount, _deferred.Count);
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>Whether a link has deferred output. Any thread.</summary>
    public bool HasDeferred => Volatile.Read(ref _deferredCount) != 0;

    /// <summary>Writes deferred output before a caller waits, because the output may contain its request or answer.</summary>
    /// <remarks>
    /// The <see cref="Flusher"/> writes what other threads defer. A link that leaves the list has the last one take its place,
    /// which a walk from the end has already visited.
    /// </remarks>
    public void FlushDeferred()
    {
        for (int i = Volatile.Read(ref _deferredCount) - 1; i >= 0; i--)
        {
            Link? link;
            using (_gate.Hold())
            {
                link = i < _deferred.Count ? _deferred[i] : null;
            }

            link?.Output.FlushDeferred();
        }
    }
}
