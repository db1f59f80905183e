using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// A caller who receives from the one peer that shares memory with him takes message for message from there, as long as nobody needs the poll set: he holds the gate, so nobody pumps, and leads nothing.
/// </content>
internal sealed partial class EndpointCore
{
    /// <summary>After so many he looks at the poll set: somebody new may stand before the door.</summary>
    private const int PullsPerPoll = 1024;

    private int _pulls;
    private int _pullsSeen;

    /// <summary>Whether the pattern must hear of each acknowledgement.</summary>
    public bool HearsOfCredit => _profile.Kind == PatternKind.WorkQueue || _watches.Length > 0;

    /// <summary>Under the gate.</summary>
    private MessageCore? TryPull()
    {
        if (_isPumping || _isTornDown || _wantsReactor || _partlyRead > 0 || MemoryAlone is not { } link || Volatile.Read(ref _asyncWaiters) > 0 || Volatile.Read(ref _blockedLinks) > 0)
        {
            return null;
        }

        if ((++_pulls & (PullsPerPoll - 1)) == 0 && HasEvents())
        {
            _unpolledTurns = TurnsPerPoll;
            return null;
        }

        if (link.TryPull() is not { } message)
        {
            return null;
        }

        Connection connection = link.Connection;
        if (connection.IsAnnounced)
        {
            // Somebody had armed the reactor, for as long as no user is here.
            connection.EndWait();
        }

        MessageHeader header = message.Header;
        Counters.AddReceived(header.Length);
        if (header.Kind is MessageKind.Deliver or MessageKind.Request)
        {
            link.AddActive(message);
        }

        return message;
    }

    /// <summary>Looks at the memory for as long as the endpoint may, without leading, and takes what comes.</summary>
    private MessageCore? LookAndPull(Deadline deadline)
    {
        if (!HasMemoryAlone || Volatile.Read(ref _isPumping) || !Looks || _receivers.Count > 0)
        {
            return null;
        }

        if (LookAtMemory(deadline.RemainingWait))
        {
            _isSoon = true;
            return TryTake();
        }

        // It has been looked long enough.
        _isSoon = false;
        return null;
    }

    /// <summary>Whether the user has been taking messages since this was asked last, and nobody waits before the door. Under the gate.</summary>
    private bool IsPulling()
    {
        int pulls = _pulls;
        bool isPulling = pulls != _pullsSeen && !HasEvents();
        _pullsSeen = pulls;
        return isPulling;
    }
}
