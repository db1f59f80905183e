using System.Diagnostics;
using Fairlead.Diagnostics;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;

namespace Fairlead;

/// <content>From a received request to the answer of its handler.</content>
public sealed partial class Responder
{
    private async Task LoopAsync(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler, int share, CancellationToken cancellationToken)
    {
        RequestContext context = new();
        MessageCore? received = null;
        while ((received ?? await Core.Receivers.ReceiveAsync(null, cancellationToken).ConfigureAwait(false)) is { } request)
        {
            await HandleAsync(handler, context, request, share, cancellationToken).ConfigureAwait(false);

            // Which of the loops handles a request does not matter: the one that runs need not wait behind the others.
            received = Core.Receivers.TryTakeAhead(cancellationToken);
        }

        ThrowIfLost();
    }

    /// <summary>Completes when the request is answered and disposed, and the run may take the next one.</summary>
    private ValueTask HandleAsync(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler,
        RequestContext context,
        MessageCore received,
        int share,
        CancellationToken cancellationToken)
    {
        Link link = Link.Of(received.PeerLink);
        Request request = new(new Message(received));
        context.Begin(request);
        if (Tracing.HasListeners || OperationMeter.MeasuresHandlers)
        {
            return FinishAsync(ObserveAsync(handler, context, request), request, link, share, cancellationToken);
        }

        ValueTask<ReadOnlyMemory<byte>> handled = Call(handler, context, request);
        if (!handled.IsCompletedSuccessfully)
        {
            return FinishAsync(ReplyAsync(handled, context, request, link.Peer), request, link, share, cancellationToken);
        }

        // A handler that awaits nothing pays for no asynchronous method.
        using (request)
        {
            if (Reply(handled.Result, context, request, link.Peer) is { } error)
            {
                AnswerWith(error, request, link);
            }
        }

        return link.Pause.AwaitReaderAsync(share, cancellationToken);
    }

    private static async ValueTask FinishAsync(
        ValueTask<AnswerError?> handled, Request request, Link link, int share, CancellationToken cancellationToken)
    {
        using (request)
        {
            if (await handled.ConfigureAwait(false) is { } error)
            {
                AnswerWith(error, request, link);
            }
        }

        // The request is disposed: an unwritten reply is all that this handler still holds.
        await link.Pause.AwaitReaderAsync(share, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Answers with an error, unless the handler has answered. A link that cannot carry the answer ends, and the others go
    /// on.</summary>
    private static void AnswerWith(AnswerError error, Request request, Link link)
    {
        try
        {
            request.FailUnlessAnswered(error.Code, error.Text);
        }
        catch (Exception) when (link.Fault is not null)
        {
            // The end of the link tells the requester.
        }
    }

    /// <summary>Calls the handler within a span, and measures it.</summary>
    private async ValueTask<AnswerError?> ObserveAsync(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler, RequestContext context, Request request)
    {
        // The handler may dispose the request.
        Peer peer = request.Peer;
        using Activity? activity = Tracing.Start("process", ActivityKind.Server, request.Address, request.Message.TraceContext);
        long start = OperationMeter.StartHandler();
        KeyValuePair<string, object?>[] tags = request.MeterTags;
        AnswerError? error = await ReplyAsync(Call(handler, context, request), context, request, peer).ConfigureAwait(false);
        OperationMeter.EndHandler(start, tags, error?.Type);
        if (error is not null)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Text);
        }

        return error;
    }

    /// <summary>Calls the handler. The result has its exception. This restores the execution context that the handler changed.</summary>
    private static ValueTask<ReadOnlyMemory<byte>> Call(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler, RequestContext context, Request request)
    {
        ExecutionContext? before = ExecutionContext.Capture();
        try
        {
            return handler(request, context);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<ReadOnlyMemory<byte>>(exception);
        }
        finally
        {
            if (before is not null && ExecutionContext.Capture() != before)
            {
                ExecutionContext.Restore(before);
            }
        }
    }

    /// <summary>Replies when the handler has returned. Returns the error if there is another answer, which the caller sends.</summary>
    private async ValueTask<AnswerError?> ReplyAsync(
        ValueTask<ReadOnlyMemory<byte>> handled, RequestContext context, Request request, Peer peer)
    {
        ReadOnlyMemory<byte> reply;
        try
        {
            reply = await handled.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            AnswerError error = ErrorOf(exception, context, peer);
            context.End();
            return error;
        }

        return Reply(reply, context, request, peer);
    }

    private AnswerError? Reply(ReadOnlyMemory<byte> reply, RequestContext context, Request request, Peer peer)
    {
        AnswerError? error = null;
        try
        {
            // The owner of the memory may throw: it is the handler's.
            request.ReplyUnlessAnswered(reply.Span);
        }
        catch (FairleadException exception)
        {
            // The reply is longer than the requester accepts.
            error = new AnswerError(exception.Code, exception.Message, exception.Code.ToString());
        }
        catch (Exception exception)
        {
            error = ErrorOf(exception, context, peer);
        }

        context.End();
        return error;
    }

    private AnswerError ErrorOf(Exception exception, RequestContext context, Peer peer)
    {
        string text = exception is OperationCanceledException && context.IsOver
            ? "the handler was cancelled"
            : RaiseHandlerFailed(HandlerKind.Request, exception, peer);
        if (exception is not FairleadException problem)
        {
            return new AnswerError(ErrorCode.Failed, text, exception.GetType().FullName);
        }

        // One without an address was made by the handler itself, and is its answer. One of this endpoint's is about the reply.
        bool isForRequester = problem.Address is null || problem.Address == Core.Address;
        return new AnswerError(problem.Code, isForRequester ? problem.Message : text, problem.Code.ToString());
    }

    private void ThrowIfLost()
    {
        if (Core.Presence.LastEnd is { Reason: not CloseReason.ClosedByPeer })
        {
            throw Core.Presence.EndException();
        }
    }

    /// <summary>The answer to a request whose handler has not replied, and its kind for measurements.</summary>
    private sealed record AnswerError(ErrorCode Code, string Text, string? Type);
}
