using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Counts what an endpoint drops, and tells the event source: at most once a second, with the number since the last time.
/// </summary>
/// <remarks>
/// Owns the number that the event source has not been told yet; no lock. Queues, links and patterns count here, on any thread.
/// </remarks>
internal sealed class DropReport : IDisposable
{
    private readonly EndpointCounters _counters;
    private readonly Func<Address> _address;
    private readonly string _pattern;
    private readonly EventPacer _pacer;
    private long _untold;

    /// <param name="counters">Count every drop.</param>
    /// <param name="time">The endpoint's clock.</param>
    /// <param name="address">In the event.</param>
    /// <param name="pattern">In the event.</param>
    public DropReport(EndpointCounters counters, TimeProvider time, Func<Address> address, string pattern)
    {
        _counters = counters;
        _address = address;
        _pattern = pattern;
        _pacer = new EventPacer(time, Tell);
    }

    /// <summary>Counts a message that was dropped. Any thread, locks held or not: no listener is called here.</summary>
    public void Count()
    {
        _counters.AddDropped(1);
        if (FairleadEventSource.Log.IsEnabled())
        {
            Interlocked.Increment(ref _untold);
            _pacer.Note();
        }
    }

    /// <summary>The endpoint ends: what was not told yet is told now. No lock is held.</summary>
    public void Dispose()
    {
        _pacer.Dispose();
        if (FairleadEventSource.Log.IsEnabled())
        {
            Tell();
        }
    }

    private void Tell()
    {
        if (Interlocked.Exchange(ref _untold, 0) is var count and > 0)
        {
            FairleadEventSource.Log.Dropped(_address().Display, _pattern, count);
        }
    }
}
