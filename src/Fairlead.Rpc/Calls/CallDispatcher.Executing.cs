using Fairlead.Rpc.Instances;
using Fairlead.Rpc.Streams;

namespace Fairlead.Rpc.Calls;

/// <content>Executes a call that may run, and answers it.</content>
internal sealed partial class CallDispatcher
{
    private ValueTask InvokeInTurn(Called called, Request request, RequestContext context, ServerCall? streams)
    {
        if (called.Held is not { } held || request.Length < ClientShares.LongCall)
        {
            return Invoke(called, request, context, streams);
        }

        LongRead read = held.Read = _reads.Enter(request.Peer);
        if (!read.IsHere)
        {
            return InvokeLaterAsync(called, read, request, context, streams);
        }

        ValueTask invoked = Invoke(called, request, context, streams);
        read.End();
        return invoked;
    }

    private async ValueTask InvokeLaterAsync(
        Called called, LongRead read, Request request, RequestContext context, ServerCall? streams)
    {
        await read.Turn.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        ValueTask invoked = default;
        if (context.CancellationToken.IsCancellationRequested)
        {
            Replies.RefuseInTime(request);
        }
        else
        {
            invoked = Invoke(called, request, context, streams);
        }

        read.End();
        await invoked.ConfigureAwait(false);
    }

    private ValueTask Invoke(Called called, Request request, RequestContext context, ServerCall? streams)
    {
        (ServedContract contract, ushort member) = (called.Contract, called.Member);
        CallSpan? span = CallSpan.BeginAtServer(contract.Description, member);
        try
        {
            RpcInvocation invocation = new(
                request, context, _sessions, contract.IsOneWay(member), called.Arguments, streams, called.Held);
            RpcContext? call = _options.NeedsContext || contract.Instances is not null
                ? new RpcContext(contract.Description, member, context, invocation.Metadata)
                : null;
            if (call is not null && _options.Authorize?.Invoke(call) == false)
            {
                span?.Deny();
                span?.Dispose();
                called.Held?.Dispose();
                Replies.Refuse(
                    request, ErrorCode.PermissionDenied, $"the server does not let {call.Caller} call {call.Member.Name}");
                return default;
            }

            if (invocation.IsOneWay)
            {
                // The caller has its reply when the call has been taken over. The request's memory stays until the call has ended.
                request.Reply([(byte)ReplyStatus.Ok]);
            }

            ValueTask invoked = call is null
                ? contract.InvokeAsync(member, invocation, null)
                : InvokeAsync(contract, member, invocation, call);
            return span is null ? invoked : EndAsync(span, invoked);
        }
        catch (RpcFormatException wrong) when (!contract.IsOneWay(member))
        {
            // Answered here: throwing it a second time would double what malformed arguments cost.
            span?.FailAtServer(wrong);
            span?.Dispose();
            called.Held?.Dispose();
            if (wrong.Code == ErrorCode.Corrupt)
            {
                _malformed.Fail(request, wrong);
            }
            else
            {
                // Nothing was executed, and the client may try again.
                Replies.Refuse(request, wrong.Code, wrong.Message);
            }

            return default;
        }
        catch (Exception exception)
        {
            Count(request, exception);
            span?.FailAtServer(exception);
            span?.Dispose();
            return ValueTask.FromException(exception);
        }
    }

    private static async ValueTask EndAsync(CallSpan span, ValueTask invoked)
    {
        using (span)
        {
            try
            {
                await invoked.ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                span.FailAtServer(exception);
                throw;
            }
        }
    }

    // The context ends with this method, as an asynchronous method's changes do.
    private async ValueTask InvokeAsync(ServedContract contract, ushort member, RpcInvocation invocation, RpcContext call)
    {
        RpcContext.Current = _options.KeepContext ? call : null;
        try
        {
            ValueTask invoked = _options.Intercept is { } intercept
                ? intercept(call, () => contract.InvokeAsync(member, invocation, call))
                : contract.InvokeAsync(member, invocation, call);
            await invoked.ConfigureAwait(false);
        }
        finally
        {
            call.End();
        }
    }

    // The caller of a one-way member has its reply.
    private void Count(Request request, Exception exception)
    {
        if (exception is RpcFormatException wrong)
        {
            _malformed.Count(request.Peer, wrong);
        }
    }

    private async ValueTask AnswerAsync(Called call, ValueTask invoked, Request request, RequestContext context)
    {
        try
        {
            await invoked.ConfigureAwait(false);
        }
        catch (Exception exception) when (call.Contract.IsOneWay(call.Member))
        {
            Count(request, exception);
            throw;
        }
        catch (Exception exception)
        {
            call.Held?.Dispose();
            if (exception is RpcFormatException wrong)
            {
                _malformed.Fail(request, wrong);
            }
            else if (exception is OperationCanceledException or FairleadException { Code: ErrorCode.Timeout }
                && context.CancellationToken.IsCancellationRequested)
            {
                Replies.FailInTime(request);
            }
            else
            {
                Replies.Fail(request, exception, _options);
                if (exception is not RpcException { IsOfThisService: true } || ReportsAnswers)
                {
                    // The endpoint reports it as the failure of a handler. Its own reply comes too late.
                    throw;
                }
            }
        }
    }
}
