using Fairlead.Rpc.Callbacks;

namespace Fairlead.Rpc.Calls;

/// <content>The frames of callbacks: sessions, polls and answers.</content>
internal sealed partial class CallDispatcher
{
    // The request stays open as long as the client.
    private async ValueTask<ReadOnlyMemory<byte>> HoldAsync(Guid id, Request request, RequestContext context)
    {
        if (_sessions.Open(id, request.Peer) is not { } session)
        {
            Replies.Refuse(
                request,
                ErrorCode.Full,
                $"the server accepts {_options.MaxStreamingCalls} connections with callbacks, and three quarters of them from one client");
            return default;
        }

        try
        {
            await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Replies.FailInTime(request);
        }
        finally
        {
            _sessions.Close(id, session);
        }

        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> PollAsync(
        Guid id, bool takesTraces, Request request, RequestContext context)
    {
        if (_sessions.FindAsync(id, request.Peer) is not { } finding)
        {
            // Nothing is thrown: that costs more than such a frame.
            FairleadException gone = SessionTable.Gone();
            Replies.Refuse(request, gone.Code, gone.Message);
            return default;
        }

        try
        {
            CancellationToken cancellationToken = context.CancellationToken;
            ServerSession session = await finding.WaitAsync(cancellationToken).ConfigureAwait(false);
            await session.PollAsync(request, takesTraces, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcFormatException wrong)
        {
            _malformed.Fail(request, wrong);
        }
        catch (FairleadException missing)
        {
            Replies.Refuse(request, missing.Code, missing.Message);
        }
        catch (OperationCanceledException)
        {
            Replies.FailInTime(request);
        }

        return default;
    }

    private ValueTask<ReadOnlyMemory<byte>> TakeAnswer(ref RpcReader frame, int number, Request request)
    {
        // A session that has ended waits for nothing.
        if (_sessions.TryFind(frame.ReadGuid()) is { } session)
        {
            session.Answer(ref frame, number);
        }

        request.Reply([(byte)ReplyStatus.Ok]);
        return default;
    }
}
