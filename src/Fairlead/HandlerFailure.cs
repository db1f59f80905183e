namespace Fairlead;

/// <summary>An exception that a handler of an endpoint has thrown: the argument of <see cref="MessagingEndpoint.HandlerFailed"/>.</summary>
public sealed class HandlerFailure
{
    internal HandlerFailure(HandlerKind kind, Exception exception, Peer? peer)
    {
        Kind = kind;
        Exception = exception;
        Peer = peer;
    }

    /// <summary>Which handler it was.</summary>
    public HandlerKind Kind { get; }

    /// <summary>What it threw.</summary>
    public Exception Exception { get; }

    /// <summary>The peer of the request or message that the handler processed. Null if it had none.</summary>
    public Peer? Peer { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Exception.GetType().Name}: {Exception.Message}";
}
