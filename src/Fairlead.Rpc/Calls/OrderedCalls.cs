namespace Fairlead.Rpc.Calls;

/// <summary>Receives the frames of an address on one thread, which knows their order, and has them handled on the thread pool.</summary>
/// <remarks>
/// Several loops or threads would begin calls in any order. The thread executes nothing: a call that blocks, or waits for an answer of its
/// client, must not keep the frames behind it from being received.
/// </remarks>
internal sealed class OrderedCalls(Responder responder, CallDispatcher dispatcher, CallTurns turns, CancellationToken end)
{
    /// <summary>Runs until the end, and until all that has been received by then is answered.</summary>
    public Task RunAsync() => DetachedTask.RunOnThread(Run);

    private void Run()
    {
        try
        {
            responder.Run(Handle, int.MaxValue, end);
        }
        catch (Exception exception) when (end.IsCancellationRequested && exception is OperationCanceledException or ObjectDisposedException)
        {
            // The end of the server.
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> Handle(Request request, RequestContext context)
    {
        CallDispatcher.Count(request, responder);
        CallTurn? turn = Frames.IsCall(request.Span) ? turns.Enter(request.Peer) : null;
        return HandleElsewhereAsync(request, context, turn);
    }

    private async ValueTask<ReadOnlyMemory<byte>> HandleElsewhereAsync(Request request, RequestContext context, CallTurn? turn)
    {
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return await dispatcher.HandleAsync(request, context, turn).ConfigureAwait(false);
        }
        finally
        {
            turn?.Leave();
        }
    }
}
