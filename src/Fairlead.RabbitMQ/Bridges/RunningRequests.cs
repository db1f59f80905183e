using System.Collections.Concurrent;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>The requests that a responder's user has.</summary>
/// <remarks>
/// Owns the table of them. Any thread, without a lock. Requesters choose the identities of requests, so two of them may choose the same;
/// one requester that does so has only its last request here.
/// </remarks>
internal sealed class RunningRequests
{
    private readonly ConcurrentDictionary<(string? ReplyTo, string Id), Entry> _entries = new();

    /// <summary>The number of requests that can be called off.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a request until the result is disposed.</summary>
    /// <param name="replyTo">The reply queue of its requester, if any.</param>
    /// <param name="id">Its identity. A request without one cannot be called off.</param>
    public Entry Begin(string? replyTo, string? id)
    {
        Entry entry = new(this, replyTo, id);
        if (id is not null)
        {
            _entries[(replyTo, id)] = entry;
        }

        return entry;
    }

    /// <summary>Cancels the requests of this identity. A requester that gives up says no more than that.</summary>
    public void CallOff(string id)
    {
        // The loop sees every entry that was there before the call.
        foreach (Entry entry in _entries.Values.Where(entry => entry.Id == id))
        {
            entry.CallOff();
        }
    }

    /// <summary>Returns the requests that were here already when this was called the last time, by their reply queues. One
    /// caller.</summary>
    public IEnumerable<IGrouping<string?, Entry>> Aged() => _entries.Values.Where(Entry.IsOldOrAges).GroupBy(entry => entry.ReplyTo);

    /// <summary>A request that the user has.</summary>
    internal sealed class Entry(RunningRequests requests, string? replyTo, string? id) : IDisposable
    {
        private readonly CancellationTokenSource _called = new();
        private bool _isOld;

        public string? ReplyTo => replyTo;

        public string? Id => id;

        /// <summary>Cancelled when the request is called off.</summary>
        public CancellationToken CancellationToken => _called.Token;

        /// <summary>Returns whether it was there the time before.</summary>
        public static bool IsOldOrAges(Entry entry)
        {
            bool wasOld = entry._isOld;
            entry._isOld = true;
            return wasOld;
        }

        /// <summary>Cancels the request. Its user learns it on another thread.</summary>
        public void CallOff()
        {
            Remove();
            try
            {
                _ = _called.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // It was answered in between.
            }
        }

        public void Dispose()
        {
            Remove();
            _called.Dispose();
        }

        private void Remove()
        {
            if (id is not null)
            {
                requests._entries.TryRemove(KeyValuePair.Create((replyTo, id), this));
            }
        }
    }
}
