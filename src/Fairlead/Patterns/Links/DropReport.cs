using Fairlead.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <summary>
/// What an endpoint has dropped, told to those who listen to events: at most once a second, with the number since the last time.
/// </summary>
/// <remarks>Any thread, locks held or not: no listener is called where a drop is noted. No lock of its own.</remarks>
internal sealed class DropReport : IDisposable
{
    private readonly Func<Address> _address;
    private readonly string _pattern;
    private readonly EventPacer _pacer;
    private long _untold;

    /// <param name="time">The endpoint's clock.</param>
    /// <param name="address">In the event.</param>
    /// <param name="pattern">In the event.</param>
    public DropReport(TimeProvider time, Func<Address> address, string pattern)
    {
        _address = address;
        _pattern = pattern;
        _pacer = new EventPacer(time, Tell);
    }

    /// <summary>A message was dropped.</summary>
    public void Note()
    {
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
