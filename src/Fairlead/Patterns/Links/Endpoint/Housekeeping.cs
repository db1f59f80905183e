using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Serves an endpoint while no user call runs: it accepts, acknowledges, answers pings, and detects lost peers.</summary>
/// <remarks>
/// Owns, under the endpoint's gate, whether work is due, whether the timer thread has the endpoint on its list, and the links to
/// acknowledge or whose handshakes began. The timer thread has its own list of handshakes. The fast paths and the links request visits. So
/// does <see cref="Pump"/> when the last leader leaves. The timer thread makes the visits, which do not touch idle links.
/// </remarks>
/// <param name="endpoint">The endpoint that is served.</param>
/// <param name="acceptor">Resumes accepting.</param>
internal sealed class Housekeeping(EndpointContext endpoint, Acceptor acceptor)
{
    private static readonly DeferredWork<Housekeeping> Slow = new(
        "fairlead rounds", TimeSpan.FromMilliseconds(20), idle: 1, static housekeeping => housekeeping.Visit());

    private bool _isDue;
    private bool _isListed;
    private List<Link> _consuming = [];
    private List<Link> _opening = [];

    // The timer thread's own.
    private List<Link> _visited = [];
    private List<Link> _revisited = [];
    private List<Link> _opened = [];
    private readonly List<Link> _shaking = [];

    /// <summary>Whether the reactor continues to serve peers while no user call runs.</summary>
    public bool IsServedAlways => endpoint.IsBound || endpoint.Profile.HearsAlways;

    /// <summary>Starts the timer thread of the process, unless it is already running.</summary>
    public static void StartThread() => Slow.Start();

    /// <summary>Requests a visit for work of the endpoint that can wait, such as accepting.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater()
    {
        if (!Volatile.Read(ref _isDue))
        {
            JoinDeferredWork();
        }
    }

    /// <summary>Requests a visit that acknowledges what was consumed of a link. Called after it was counted.</summary>
    /// <remarks>
    /// Every call passes here, and waking a thread costs more than many calls. So the timer thread visits the endpoint in every
    /// round while there is work, and skips it after a round without work. It uses the system clock. The user's clock controls the
    /// timeouts, but the endpoint answers its peers even while that clock stands still.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater(Link link)
    {
        if (!link.IsToBeServed || !Volatile.Read(ref _isDue))
        {
            AddConsuming(link);
        }
    }

    /// <summary>Requests visits until the handshake of a link is over, or its time has passed.</summary>
    public void ServeHandshakes(Link link)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            _opening.Add(link);
            JoinDeferredWork();
        }
    }

    private void AddConsuming(Link link)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            if (!link.IsToBeServed)
            {
                link.IsToBeServed = true;
                _consuming.Add(link);
            }

            JoinDeferredWork();
        }
    }

    /// <summary>Requests a visit, whether or not one is already due. With or without the gate.</summary>
    public void JoinDeferredWork()
    {
        using (endpoint.Pump.Gate.Hold())
        {
            if (endpoint.Life.IsClosed)
            {
                return;
            }

            _isDue = true;
            if (!_isListed)
            {
                _isListed = true;
                Slow.Add(this);
            }
        }
    }

    /// <summary>Arranges for an endpoint without leader and waiter to be served. Under the gate.</summary>
    public void ServeWhileAway()
    {
        if (endpoint.IsBound || !endpoint.Settings.IsRaw)
        {
            // A user that waits in iterations returns soon, and arming costs two system calls. A user that stays away must still learn of
            // the end, and peers must still get answers. Without credit, a connected end leaves unread data to the sender.
            ServeLater();
        }
    }

    private void Visit()
    {
        bool isActive;
        using (endpoint.Pump.Gate.Hold())
        {
            isActive = _isDue;
            Volatile.Write(ref _isDue, false);
            (_consuming, _visited, _revisited) = (_revisited, _consuming, _visited);
            (_opening, _opened) = (_opened, _opening);
            foreach (Link link in _visited)
            {
                link.IsToBeServed = false;
            }
        }

        _shaking.AddRange(_opened);
        _opened.Clear();
        try
        {
            // A thread that has consumed since then sees the marks withdrawn, or this thread sees what was consumed.
            Interlocked.MemoryBarrier();
            acceptor.Resume();
            Visit(_visited, Acknowledge);

            // A second time, because a link may join the list before its message is counted: a dropped one, for example.
            Visit(_revisited, Acknowledge);
            _revisited.Clear();
            Visit(_shaking, static link => link.CheckHandshake());
        }
        finally
        {
            GoOn(isActive, _shaking.Count > 0);
        }
    }

    private static bool Acknowledge(Link link)
    {
        link.LinkReceiver.Acknowledge();
        return true;
    }

    /// <summary>Visits links, and keeps those in the list that must be visited again. Allocates nothing: it runs in every round.</summary>
    private static void Visit(List<Link> links, Func<Link, bool> isToStay)
    {
        int kept = 0;
        for (int i = 0; i < links.Count; i++)
        {
            Link link = links[i];
            try
            {
                if (isToStay(link))
                {
                    links[kept++] = link;
                }
            }
            catch (Exception exception)
            {
                link.Fail(exception);
            }
        }

        links.RemoveRange(kept, links.Count - kept);
    }

    private void GoOn(bool isActive, bool isOpening)
    {
        using (endpoint.Pump.Gate.Hold())
        {
            if (endpoint.Life.IsClosed)
            {
                return;
            }

            _isListed = isActive || isOpening || _isDue;
            if (_isListed)
            {
                Slow.Add(this);
            }

            // A user that called since the last visit returns soon, and arming would only get in the way, unless a new peer waits to be
            // accepted.
            if (!endpoint.Pump.IsLed && (!isActive || endpoint.Pump.PollSet.HasEvents))
            {
                endpoint.Pump.Arm();
            }
        }
    }
}
