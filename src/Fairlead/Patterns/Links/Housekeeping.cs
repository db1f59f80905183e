using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Serves an endpoint while its user is away: the endpoint still accepts, acknowledges, answers pings, and notices that a peer has gone.
/// </summary>
/// <remarks>
/// Owns two flags, under the endpoint's gate: whether work is due, and whether the timer thread has the endpoint on its list. The fast
/// paths and the links ask for a visit. So does <see cref="Pump"/> when the last leader leaves. The timer thread makes the visits.
/// </remarks>
/// <param name="endpoint">The endpoint that is served.</param>
/// <param name="acceptor">Resumes accepting.</param>
internal sealed class Housekeeping(EndpointCore endpoint, Acceptor acceptor)
{
    private static readonly Rounds<Housekeeping> Slow = new(
        "fairlead rounds", TimeSpan.FromMilliseconds(20), idle: 1, static housekeeping => housekeeping.Visit());

    private bool _isDue;
    private bool _isListed;

    /// <summary>Whether the reactor goes on serving peers while the user is away.</summary>
    public bool IsServedAlways => endpoint.IsBound || endpoint.Profile.HearsAlways;

    /// <summary>Starts the timer thread of the process, unless it runs already.</summary>
    public static void StartThread() => Slow.Start();

    /// <summary>Asks for a visit, because something that has time is to be done: acknowledging, accepting.</summary>
    /// <remarks>
    /// Every call passes here, and waking a thread costs more than many a call. So the timer thread visits the endpoint in round after
    /// round while there is something to do, and leaves it out after a round in which there was nothing. It uses the system's clock: the
    /// user's clock rules the time-outs, and the endpoint answers its peers even while that clock stands still.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater()
    {
        if (!Volatile.Read(ref _isDue))
        {
            JoinRounds();
        }
    }

    /// <summary>Does the same, whether or not a visit is due already. Under the gate or not.</summary>
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

    /// <summary>Sees to an endpoint on which nobody leads and nobody waits. Under the gate.</summary>
    public void ServeWhileAway()
    {
        if (endpoint.IsBound || !endpoint.Settings.IsBare)
        {
            // A user who waits in turns is back soon, and arming costs two system calls. A user who stays away must still hear of the end,
            // and the peers that this end is there. Without credit, a connected end leaves what its user does not read to the sender.
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

            // A user who was here since the last visit is back soon, and arming would only be in the way, unless a new peer waits to be
            // accepted.
            if (!endpoint.Pump.IsLed && (!isActive || endpoint.Pump.PollSet.HasEvents))
            {
                endpoint.Pump.Arm();
            }
        }
    }
}
