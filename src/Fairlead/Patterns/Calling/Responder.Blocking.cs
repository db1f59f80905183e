using System.Runtime.ExceptionServices;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <content>Handlers on the thread that receives.</content>
public sealed partial class Responder
{
    /// <summary>Calls the handler for each request on the calling thread, and replies with its results. Blocks until cancelled.</summary>
    /// <remarks>
    /// The blocking form of <see cref="RunAsync(Func{Request, RequestContext, ValueTask{ReadOnlyMemory{byte}}}, int, CancellationToken)"/>,
    /// with the lowest latency: the kernel wakes the thread that executes the handler. Several threads may run at the same time. A handler
    /// that awaits continues elsewhere, and the thread takes the next request.
    /// </remarks>
    /// <param name="handler">As for RunAsync. While it computes or blocks, this thread takes no request.</param>
    /// <param name="concurrency">How many handlers of this thread may await at the same time.</param>
    /// <param name="cancellationToken">Ends the run, which waits for the running handlers.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="FairleadException">PeerGone: a connected responder has lost its requester.</exception>
    public void Run(
        Func<Request, RequestContext, ValueTask<ReadOnlyMemory<byte>>> handler,
        int concurrency = DefaultConcurrency,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        AwaitingHandlers awaiting = new(concurrency);
        Exception? failure;
        try
        {
            RequestContext context = new();
            while (Core.Receivers.Receive(Deadline.Infinite, cancellationToken) is { } received)
            {
                ValueTask handled = HandleAsync(handler, context, received, concurrency / 2, cancellationToken);
                if (handled.IsCompleted)
                {
                    handled.GetAwaiter().GetResult();
                }
                else
                {
                    context = new RequestContext();
                    awaiting.Add(handled);
                }
            }
        }
        finally
        {
            failure = awaiting.End();
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        ThrowIfLost();
    }
}
