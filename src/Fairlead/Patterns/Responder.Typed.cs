using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fairlead;

/// <content>Handlers that take a value and return one.</content>
public sealed partial class Responder
{
    /// <summary>Calls the handler with each request as a value, many at once, and sends the value that it returns. Both as JSON.</summary>
    /// <param name="requestType">The request's metadata, from a source-generated context.</param>
    /// <param name="replyType">The reply's metadata, likewise.</param>
    /// <param name="handler">
    /// Gets the value of the request, and its context, whose token is cancelled when nobody waits any more. What it throws does not end the
    /// run, and is reported by <see cref="MessagingEndpoint.HandlerFailed"/>. The requester gets <see cref="ErrorCode.Failed"/> and what
    /// <see cref="EndpointOptions.ErrorDetails"/> says, or code and text of a <see cref="FairleadException"/> that the handler made. A
    /// request that is not such JSON never reaches it: the requester gets <see cref="ErrorCode.Corrupt"/>.
    /// </param>
    /// <param name="concurrency">How many handlers may run at once.</param>
    /// <param name="cancellationToken">Ends the run; handlers that still run are waited for.</param>
    public Task RunAsync<TRequest, TReply>(
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        Func<TRequest, RequestContext, ValueTask<TReply>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requestType);
        ArgumentNullException.ThrowIfNull(replyType);
        ArgumentNullException.ThrowIfNull(handler);
        return RunAsync(
            async (request, context) =>
            {
                TReply reply = await handler(ReadValue(request, requestType), context).ConfigureAwait(false);
                request.Reply(reply, replyType);
                return ReadOnlyMemory<byte>.Empty;
            },
            concurrency,
            cancellationToken);
    }

    /// <summary>Calls the handler with each request as a value, many at once, and sends the value that it returns.</summary>
    /// <param name="requestSerializer">Reads the requests. What it throws is told to the requester like what the handler throws.</param>
    /// <param name="replySerializer">Writes the replies, likewise.</param>
    /// <param name="handler">Gets the value of the request, and its context.</param>
    /// <param name="concurrency">How many handlers may run at once.</param>
    /// <param name="cancellationToken">Ends the run; handlers that still run are waited for.</param>
    public Task RunAsync<TRequest, TReply>(
        IMessageSerializer<TRequest> requestSerializer,
        IMessageSerializer<TReply> replySerializer,
        Func<TRequest, RequestContext, ValueTask<TReply>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requestSerializer);
        ArgumentNullException.ThrowIfNull(replySerializer);
        ArgumentNullException.ThrowIfNull(handler);
        return RunAsync(
            async (request, context) =>
            {
                TReply reply = await handler(request.Read(requestSerializer), context).ConfigureAwait(false);
                request.Reply(reply, replySerializer);
                return ReadOnlyMemory<byte>.Empty;
            },
            concurrency,
            cancellationToken);
    }

    private static T ReadValue<T>(Request request, JsonTypeInfo<T> type)
    {
        try
        {
            return request.Read(type) ?? throw Unreadable($"is null, and not of type {type.Type.Name}");
        }
        catch (JsonException problem)
        {
            throw Unreadable($"is not of type {type.Type.Name}: {problem.Message}", problem);
        }

        static FairleadException Unreadable(string how, Exception? cause = null) =>
            new(ErrorCode.Corrupt, $"the request {how}", innerException: cause);
    }
}
