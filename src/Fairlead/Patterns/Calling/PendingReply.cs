using System.Threading.Tasks.Sources;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Calling;

/// <summary>The task of a request's reply: that of its operation, whose result becomes the reply when it is taken.</summary>
/// <remarks>
/// A second task that waited for the first would add a third to the cost of the caller's side. It belongs to one operation for all its
/// uses.
/// </remarks>
/// <param name="operation">The operation.</param>
internal sealed class PendingReply(LinkOperation operation) : IValueTaskSource<Message>, IOperationFront
{
    // Made when the operation returns to its pool: a copy of a structure that has just been written waits for all stores before it.
    private ValueTask<Message> _task;
    private TimeSpan _timeout;

    /// <summary>Returns the task of a request that has begun. Called once for each use of the operation.</summary>
    /// <param name="operation">The operation of a <see cref="Requester"/>.</param>
    /// <param name="timeout">How long the caller waits, for the error.</param>
    public static ValueTask<Message> Of(LinkOperation operation, in TimeSpan? timeout)
    {
        if (operation.Front is not PendingReply reply)
        {
            operation.Front = reply = new PendingReply(operation);
            reply.Renew();
        }

        reply._timeout = timeout ?? Timeout.InfiniteTimeSpan;
        return reply._task;
    }

    /// <inheritdoc/>
    public void Renew() => _task = new ValueTask<Message>(this, operation.Mark);

    /// <inheritdoc/>
    public Message GetResult(short token)
    {
        // The operation serves another call as soon as it is recycled.
        EndpointCore endpoint = (EndpointCore)operation.Endpoint;
        TimeSpan? timeout = _timeout == Timeout.InfiniteTimeSpan ? null : _timeout;
        ref readonly LinkResult result = ref operation.Open(token);
        try
        {
            return ((Requester)endpoint.Owner).ToReply(result, timeout);
        }
        finally
        {
            operation.Recycle();
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token)
    {
        ValueTaskSourceStatus status = operation.GetStatus(token);
        return status == ValueTaskSourceStatus.Succeeded && !Requester.IsReply(operation.Result) ? ValueTaskSourceStatus.Faulted : status;
    }

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        operation.OnCompleted(continuation, state, token, flags);
}
