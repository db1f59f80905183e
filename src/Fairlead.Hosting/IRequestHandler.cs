namespace Fairlead.Hosting;

/// <summary>Answers the requests of a responder.</summary>
/// <remarks>
/// The host makes an instance for each request, in a scope of its own, which it disposes when the handler has returned. If the handler
/// throws, the requester gets an error, and the exception is logged. A <see cref="FairleadException"/> that the handler makes is its
/// answer: the requester gets its code and its text.
/// </remarks>
public interface IRequestHandler
{
    /// <summary>Returns the reply to one request.</summary>
    /// <param name="request">The request. It is valid until the returned task completes.</param>
    /// <param name="context">The requester, its time limit, and the token that it cancels.</param>
    ValueTask<ReadOnlyMemory<byte>> HandleAsync(Request request, RequestContext context);
}

/// <summary>Answers the requests of a responder as values of two types.</summary>
/// <typeparam name="TRequest">The type of the requests.</typeparam>
/// <typeparam name="TReply">The type of the replies.</typeparam>
/// <inheritdoc cref="IRequestHandler" path="/remarks"/>
public interface IRequestHandler<in TRequest, TReply>
{
    /// <summary>Returns the reply to one request.</summary>
    /// <param name="request">What the request contains.</param>
    /// <param name="context">The requester, its time limit, and the token that it cancels.</param>
    ValueTask<TReply> HandleAsync(TRequest request, RequestContext context);
}
