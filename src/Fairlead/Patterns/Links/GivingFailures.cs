using System.Runtime.ExceptionServices;
using Fairlead.Patterns.Links.Session;

namespace Fairlead.Patterns.Links;

/// <summary>The failures while one message is given to many peers: the peers behind a failure still get the message.</summary>
internal struct GivingFailures
{
    private ExceptionDispatchInfo? _first;

    /// <summary>Handles the exception of one peer.</summary>
    /// <remarks>It ends that peer's link, or the caller gets it when all peers have been tried.</remarks>
    public void Note(Link link, Exception exception)
    {
        if (exception is OutOfMemoryException or OverflowException)
        {
            // The memory for this peer's output is not available. The caller cannot mend that, and the other peers need not notice.
            link.Fail(exception);
        }

        if (link.Fault is not null)
        {
            link.LinkSender.CountMissed();
        }
        else
        {
            _first ??= ExceptionDispatchInfo.Capture(exception);
        }
    }

    /// <summary>Throws the first exception that concerns the caller.</summary>
    public readonly void Throw() => _first?.Throw();
}
