using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>Answers the frames of calls with streams, except the calls themselves.</summary>
/// <remarks>Owns the table of the calls. Any thread.</remarks>
internal sealed class StreamFrames(RpcServerOptions options)
{
    private readonly CallTable _calls = new(options.MaxStreamingCalls);

    /// <summary>Returns the call that comes now.</summary>
    /// <returns>The call, which <see cref="Remove"/> forgets; null: it cannot begin, and has been answered.</returns>
    public ServerCall? Open(Guid id, Request request)
    {
        ServerCall? call = _calls.Open(id, out bool isFirst);
        if (call is null)
        {
            RefuseFull(request);
        }
        else if (!isFirst)
        {
            request.Fail(ErrorCode.Corrupt, "a call with streams was opened twice");
        }

        return isFirst ? call : null;
    }

    /// <summary>Forgets a call that has ended.</summary>
    public void Remove(Guid id) => _calls.Remove(id);

    /// <summary>Answers a request for items of a result.</summary>
    /// <exception cref="RpcFormatException">Too many frames of the call are under way.</exception>
    public ValueTask<ReadOnlyMemory<byte>> PullAsync(Guid id, int most, Request request, RequestContext context) =>
        Enter(id, request) is { } call ? PullAsync(id, call, most, request, context) : default;

    /// <summary>Takes items of a parameter, and answers when there is room for more.</summary>
    /// <exception cref="RpcFormatException">Too many frames of the call are under way.</exception>
    public ValueTask<ReadOnlyMemory<byte>> PushAsync(Guid id, int stream, Batch batch, Request request, RequestContext context) =>
        Enter(id, request) is { } call ? PushAsync(id, call, stream, batch, request, context) : default;

    private async ValueTask<ReadOnlyMemory<byte>> PullAsync(
        Guid id, ServerCall call, int most, Request request, RequestContext context)
    {
        try
        {
            await call.WaitUntilOpenAsync(context.CancellationToken).ConfigureAwait(false);
            if (await call.PullAsync(request, most, context.CancellationToken).ConfigureAwait(false) is { } failure)
            {
                Replies.Fail(request, failure, options);
            }
        }
        catch (RpcFormatException wrong)
        {
            request.Fail(ErrorCode.Corrupt, wrong.Message);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // The call has ended, and has produced nothing. Its own reply, which is under way, says why.
            request.Reply(ServerCall.EndOfItems);
        }
        catch (Exception over) when (over is OperationCanceledException or TimeoutException)
        {
            Fail(request, over);
        }
        finally
        {
            _calls.Leave(id, call);
        }

        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> PushAsync(
        Guid id, ServerCall call, int stream, Batch batch, Request request, RequestContext context)
    {
        try
        {
            await call.WaitUntilOpenAsync(context.CancellationToken).ConfigureAwait(false);
            bool isWanted = await call.Incoming(stream).AddAsync(batch, context.CancellationToken).ConfigureAwait(false);
            request.Reply([(byte)ReplyStatus.Ok, isWanted ? (byte)0 : (byte)1]);
        }
        catch (Exception over) when (over is OperationCanceledException or TimeoutException)
        {
            Fail(request, over);
        }
        finally
        {
            _calls.Leave(id, call);
        }

        return default;
    }

    // The caller of a frame no longer waits, or its call has ended or never came.
    private static void Fail(Request request, Exception over)
    {
        if (over is TimeoutException)
        {
            Replies.FailWithoutCall(request);
        }
        else
        {
            Replies.FailInTime(request);
        }
    }

    private ServerCall? Enter(Guid id, Request request)
    {
        ServerCall? call = _calls.Enter(id);
        if (call is null)
        {
            RefuseFull(request);
        }

        return call;
    }

    private void RefuseFull(Request request) => Replies.Refuse(
        request, ErrorCode.Full, $"the server executes {options.MaxStreamingCalls} calls with streams, as many as it accepts");
}
