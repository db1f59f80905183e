namespace Fairlead;

/// <summary>What a peer is told of an exception that a handler of this endpoint has thrown.</summary>
public enum ErrorDetails
{
    /// <summary>The name of the exception's type. The default: the message may hold what only this side is to know.</summary>
    Type = 0,

    /// <summary>The exception's message, too.</summary>
    Message = 1,
}
