namespace Fairlead;

/// <summary>How much a peer learns about an exception of a handler of this endpoint.</summary>
public enum ErrorDetails
{
    /// <summary>The name of the exception's type. The default: the message may hold what only this side is to know.</summary>
    Type = 0,

    /// <summary>The exception's message, too.</summary>
    Message = 1,
}
