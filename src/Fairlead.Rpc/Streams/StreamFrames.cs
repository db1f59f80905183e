using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Streams;

/// <summary>Answers the frames of calls with streams, except the calls themselves.</summary>
/// <remarks>Owns the table of the calls. Any thread.</remarks>
internal sealed class StreamFrames(RpcServerOptions options, ClientShares shares, MalformedFrames malformed)
{
    private readonly CallTable _calls = new(options);

    /// <summary>Returns the call that comes now.</summary>
    /// <returns>The call, which <see cref="Remove"/> forgets; null: it cannot begin, and has been answered.</returns>
    public ServerCall? Open(Guid id, Request request)
    {
        ServerCall? call = _calls.Open(id, request.Peer, out bool isFirst);
        if (call is null)
        {
            RefuseFull(request);
        }
        else if (!isFirst)
        {
            malformed.Fail(request, "a call with streams was opened twice");
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
    /// <exception cref="RpcFormatException">Too many frames of the call are under way, or it is not a batch.</exception>
    public ValueTask<ReadOnlyMemory<byte>> PushAsync(Guid id, int stream, Request request, RequestContext context)
    {
        // Before it is copied, until it has been read or its call has ended.
        if (shares.Hold(request.Peer, request.Length, isRead: false) is not { } held)
        {
            request.Fail(ErrorCode.Full, shares.FullText);
            return default;
        }

        try
        {
            var batch = Batch.Copy(request.Span[Frames.OpenHeader..]);
            if (Enter(id, request) is { } call)
            {
                return PushAsync(id, call, stream, new HeldBatch(batch, held), request, context);
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }

        held.Dispose();
        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> PullAsync(
        Guid id, ServerCall call, int most, Request request, RequestContext context)
    {
        try
        {
            await call.WaitUntilOpenAsync(context.CancellationToken).ConfigureAwait(false);
            if (await call.PullAsync(request, most, context.CancellationToken).ConfigureAwait(false) is not { } failure)
            {
                return default;
            }

            if (failure is OperationCanceledException && call.IsOver)
            {
                Replies.FailInTime(request);
            }
            else if (failure is RpcFormatException wrong)
            {
                // An item of the caller that the producer has read.
                malformed.Fail(request, wrong);
            }
            else
            {
                Replies.Fail(request, failure, options);
            }
        }
        catch (RpcFormatException wrong)
        {
            malformed.Fail(request, wrong);
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
        Guid id, ServerCall call, int stream, HeldBatch batch, Request request, RequestContext context)
    {
        bool isWanted = false;
        try
        {
            await call.WaitUntilOpenAsync(context.CancellationToken).ConfigureAwait(false);
            isWanted = await call.Incoming(stream).AddAsync(batch, context.CancellationToken).ConfigureAwait(false);
            request.Reply([(byte)ReplyStatus.Ok, isWanted ? (byte)0 : (byte)1]);
        }
        catch (Exception over) when (over is OperationCanceledException or TimeoutException)
        {
            Fail(request, over);
        }
        finally
        {
            if (!isWanted)
            {
                batch.Held.Dispose();
            }

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
        ServerCall? call = _calls.Enter(id, request.Peer);
        if (call is null)
        {
            RefuseFull(request);
        }

        return call;
    }

    private void RefuseFull(Request request) => Replies.Refuse(
        request,
        ErrorCode.Full,
        $"the server accepts {options.MaxStreamingCalls} calls with streams, and three quarters of them from one client");
}
