using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Patterns.Links.Values;

/// <summary>Counts dropped messages, and reports the number to the event source at most once a second.</summary>
/// <remarks>Owns the number not yet reported; no lock. Queues, links and patterns count here, on any thread.</remarks>
internal sealed class DropReport : IDisposable
{
    private readonly EndpointCounters _counters;
    private readonly Func<Address> _address;
    private readonly string _pattern;
    private readonly EventPacer _pacer;
    private long _untold;

    /// <param name="counters">The counters for every drop.</param>
    /// <param name="time">The endpoint's clock.</param>
    /// <param name="address">The address in the event.</param>
    /// <param name="pattern">The pattern in the event.</param>
    public DropReport(EndpointCounters counters, TimeProvider time, Func<Address> address, string pattern)
    {
        _counters = counters;
        _address = address;
        _pattern = pattern;
        _pacer = new EventPacer(time, Tell);
    }

    /// <summary>Counts a dropped message. Any thread, with or without locks: this calls no listener.</summary>
    public void Count()
    {
        _counters.AddDropped(1);
        if (FairleadEventSource.Log.IsEnabled())
        {
            Interlocked.Increment(ref _untold);
            _pacer.Note();
        }
    }

    /// <summary>Reports the remaining number at the endpoint's end. No lock is held.</summary>
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
