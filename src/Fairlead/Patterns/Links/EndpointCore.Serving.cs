using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <content>What has time: acknowledging, accepting, while the user is away.</content>
internal sealed partial class EndpointCore
{
    /// <summary>
    /// An endpoint whose user waits in turns, and has not been here for a whole round, is served all the same: it accepts, answers pings,
    /// acknowledges, notices that a peer has gone.
    /// </summary>
    private static readonly Rounds<EndpointCore> Slow = new(
        "fairlead rounds", TimeSpan.FromMilliseconds(20), idle: 1, static endpoint => endpoint.ServeSlowly());

    private bool _isSlowDue;
    private bool _isInRounds;

    /// <summary>
    /// Something is to be done that has time: acknowledging, accepting. This lies on the way of every call, and waking a thread costs more
    /// than many a call: so the endpoint is visited in round after round while there is something to do, and left out after one in which
    /// there was not. By the system's clock: a user's own clock rules the timeouts, and while that stands a peer is answered all the same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ServeLater()
    {
        if (!Volatile.Read(ref _isSlowDue))
        {
            JoinRounds();
        }
    }

    /// <summary>The same, whatever has been asked for. Under the gate or not.</summary>
    public void JoinRounds()
    {
        using (Gate.Hold())
        {
            if (Life.IsClosed)
            {
                return;
            }

            _isSlowDue = true;
            if (!_isInRounds)
            {
                _isInRounds = true;
                Slow.Add(this);
            }
        }
    }

    /// <summary>Whether the reactor goes on serving peers while the user is away.</summary>
    public bool IsServedAlways => IsBound || _profile.HearsAlways;

    /// <summary>Nobody leads, and nobody waits. Under the gate.</summary>
    public void ServeWhileAway()
    {
        if (IsBound || !Settings.IsBare)
        {
            // A user who waits in turns is back soon, and arming costs two system calls; one who stays away is to hear of the end all the
            // same, and the peers that this end is there. Without credit a connected end leaves what its user does not read to the sender.
            ServeLater();
        }
    }

    private void ServeSlowly()
    {
        bool isActive;
        using (Gate.Hold())
        {
            isActive = _isSlowDue;
            Volatile.Write(ref _isSlowDue, false);
        }

        bool isOpening = false;
        try
        {
            _acceptor.Resume();
            foreach (Link link in Table.All)
            {
                try
                {
                    link.Acknowledge();
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
            GoOnServing(isActive, isOpening);
        }
    }

    private void GoOnServing(bool isActive, bool isOpening)
    {
        using (Gate.Hold())
        {
            if (Life.IsClosed)
            {
                return;
            }

            _isInRounds = isActive || isOpening || _isSlowDue;
            if (_isInRounds)
            {
                Slow.Add(this);
            }

            // A user who was here since the last round is back soon, and arming would only be in the way, unless somebody else waits before
            // the door.
            if (!Pump.IsLed && (!isActive || Pump.PollSet.HasEvents))
            {
                Pump.Arm();
            }
        }
    }
}
