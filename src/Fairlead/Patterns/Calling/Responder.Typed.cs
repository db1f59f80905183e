using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fairlead;

/// <content>Handlers that take a value and return one.</content>
public sealed partial class Responder
{
    /// <summary>Calls the handler with each request as a value, many at the same time, and replies with its result. Both as JSON.</summary>
    /// <param name="requestType">The request's metadata, from a source-generated context.</param>
    /// <param name="replyType">The reply's metadata, from a source-generated context.</param>
    /// <param name="handler">
    /// Gets the value of the request and its context, whose token is cancelled when the requester no longer waits. If the handler throws,
    /// the run continues, and <see cref="MessagingEndpoint.HandlerFailed"/> reports the exception. The requester gets
    /// <see cref="ErrorCode.Failed"/> with what <see cref="EndpointOptions.ErrorDetails"/> allows, or the code and text of a
    /// <see cref="FairleadException"/> that the handler made. A request that is not valid JSON for the type does not reach the handler: the
    /// requester gets <see cref="ErrorCode.Corrupt"/>.
    /// </param>
    /// <param name="concurrency">How many handlers may run at the same time.</param>
    /// <param name="cancellationToken">Ends the run, which waits for the running handlers.</param>
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

    /// <summary>Calls the handler with each request as a value, many at the same time, and replies with its result.</summary>
    /// <param name="requestSerializer">Reads the requests. The requester gets its exceptions like the ones of the handler.</param>
    /// <param name="replySerializer">Writes the replies. The requester gets its exceptions like the ones of the handler.</param>
    /// <param name="handler">Gets the value of the request and its context.</param>
    /// <param name="concurrency">How many handlers may run at the same time.</param>
    /// <param name="cancellationToken">Ends the run, which waits for the running handlers.</param>
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

    /// <summary>Calls the handler with each request as an unmanaged value, many at the same time, and replies with its result.</summary>
    /// <param name="handler">
    /// Gets the value of the request and its context. A request of another layout does not reach the handler: the requester gets
    /// <see cref="ErrorCode.Incompatible"/>, which names both layouts.
    /// </param>
    /// <param name="concurrency">How many handlers may run at the same time.</param>
    /// <param name="cancellationToken">Ends the run, which waits for the running handlers.</param>
    public Task RunAsync<
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TRequest,
        [DynamicallyAccessedMembers(LayoutFingerprint.Fields)] TReply>(
        Func<TRequest, RequestContext, ValueTask<TReply>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
        where TRequest : unmanaged
        where TReply : unmanaged
    {
        ArgumentNullException.ThrowIfNull(handler);
        return RunAsync(
            async (request, context) =>
            {
                TReply reply = await handler(request.Value<TRequest>(), context).ConfigureAwait(false);
                request.Reply(in reply);
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
