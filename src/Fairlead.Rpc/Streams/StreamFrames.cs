using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>Answers the frames of calls with streams, except the calls themselves.</summary>
/// <remarks>Owns the table of the calls. Any thread.</remarks>
internal sealed class StreamFrames(RpcServerOptions options)
{
    private readonly CallTable _calls = new(options.MaxStreamingCalls);

    /// <summary>Returns the call of a frame.</summary>
    /// <returns>Null: there are too many calls, and the frame has been answered.</returns>
    public ServerCall? Enter(Guid id, Request request)
    {
        ServerCall? call = _calls.Enter(id);
        if (call is null)
        {
            Replies.Refuse(
                request, ErrorCode.Full, $"the server executes {options.MaxStreamingCalls} calls with streams, as many as it accepts");
        }

        return call;
    }

    /// <summary>Forgets a call that has ended.</summary>
    public void Remove(Guid id) => _calls.Remove(id);

    /// <summary>Answers a request for items of a result.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PullAsync(Guid id, int most, Request request, RequestContext context)
    {
        if (Enter(id, request) is { } call)
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
                Leave(id, call, request, over);
            }
        }

        return default;
    }

    /// <summary>Takes items of a parameter, and answers when there is room for more.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PushAsync(
        Guid id, int stream, Batch batch, Request request, RequestContext context)
    {
        if (Enter(id, request) is { } call)
        {
            try
            {
                await call.WaitUntilOpenAsync(context.CancellationToken).ConfigureAwait(false);
                bool isWanted = await call.Incoming(stream).AddAsync(batch, context.CancellationToken).ConfigureAwait(false);
                request.Reply([(byte)ReplyStatus.Ok, isWanted ? (byte)0 : (byte)1]);
            }
            catch (Exception over) when (over is OperationCanceledException or TimeoutException)
            {
                Leave(id, call, request, over);
            }
        }

        return default;
    }

    // The caller of a frame no longer waits, or its call has ended or never came. Such frames must leave nothing behind.
    private void Leave(Guid id, ServerCall call, Request request, Exception over)
    {
        if (!call.IsOpen)
        {
            _calls.Remove(id);
        }

        if (over is TimeoutException)
        {
            Replies.FailWithoutCall(request);
        }
        else
        {
            Replies.FailInTime(request);
        }
    }
}
