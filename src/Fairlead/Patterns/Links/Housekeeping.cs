using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <summary>Serves an endpoint while no user call runs: it accepts, acknowledges, answers pings, and detects lost peers.</summary>
/// <remarks>
/// Owns two flags, under the endpoint's gate: whether work is due, and whether the timer thread has the endpoint on its list. The fast
/// paths and the links request visits. So does <see cref="Pump"/> when the last leader leaves. The timer thread makes the visits.
/// </remarks>
/// <param name="endpoint">The endpoint that is served.</param>
/// <param name="acceptor">Resumes accepting.</param>
internal sealed class Housekeeping(EndpointCore endpoint, Acceptor acceptor)
{
    private static readonly Rounds<Housekeeping> Slow = new(
        "fairlead rounds", TimeSpan.FromMilliseconds(20), idle: 1, static housekeeping => housekeeping.Visit());

    private bool _isDue;
    private bool _isListed;

    /// <summary>Whether the reactor continues to serve peers while no user call runs.</summary>
    public bool IsServedAlways => endpoint.IsBound || endpoint.Profile.HearsAlways;

    /// <summary>Starts the timer thread of the process, unless it is already running.</summary>
    public static void StartThread() => Slow.Start();

    /// <summary>Requests a visit for work that can wait: acknowledging, accepting.</summary>
    /// <remarks>
    /// Every call passes here, and waking a thread costs more than many calls. The timer thread therefore visits the endpoint in every
    /// round while there is work, and skips it after a round without work. It uses the system clock. The user's clock controls the
    /// timeouts, but the endpoint answers its peers even while that clock stands still.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater()
    {
        if (!Volatile.Read(ref _isDue))
        {
            JoinRounds();
        }
    }

    /// <summary>Requests a visit, whether or not one is already due. With or without the gate.</summary>
    public void JoinRounds()
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
        if (endpoint.IsBound || !endpoint.Settings.IsBare)
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
        }

        bool isOpening = false;
        try
        {
            acceptor.Resume();
            foreach (Link link in endpoint.Table.All)
            {
                try
                {
                    link.Receiving.Acknowledge();
                    isOpening |= link.CheckHandshake();
                }
                catch (Exception exception)
                {
                    link.Fail(exception);
                }
            }
        }
        finally
        {
            GoOn(isActive, isOpening);
        }
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
