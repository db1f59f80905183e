namespace Fairlead;

/// <summary>Which handler has failed.</summary>
public enum HandlerKind
{
    /// <summary>A handler of <c>RunAsync</c> of a <see cref="Responder"/>.</summary>
    Request = 1,

    /// <summary>A handler of <c>RunAsync</c> of a <see cref="Receiver"/>, <see cref="Pair"/> or <see cref="Subscriber"/>.</summary>
    Message = 2,

    /// <summary>A handler of <see cref="MessagingEndpoint.StateChanged"/>.</summary>
    StateChanged = 3,

    /// <summary>The handler of <see cref="WorkQueueOptions.DeadLetter"/>.</summary>
    DeadLetter = 4,

    /// <summary>A handler of <see cref="Pair.PeerLeft"/> or <see cref="Responder.PeerLeft"/>.</summary>
    PeerLeft = 5,

    /// <summary>The code that releases an object of a remote service, which was made for a connection or a call.</summary>
    Instance = 6,

    /// <summary>The handler of <see cref="WorkQueueOptions.LateAcceptance"/>.</summary>
    LateAcceptance = 7,
}
