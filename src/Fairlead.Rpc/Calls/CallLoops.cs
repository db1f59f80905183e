namespace Fairlead.Rpc.Calls;

/// <summary>
/// Receives frames and has them handled, with as many loops as frames are being handled, and some more: a call that lasts must not keep
/// others, or the items of its streams, from being received.
/// </summary>
/// <remarks>Owns the loops, which it only adds. Two numbers, without a lock; the list of runs has one.</remarks>
internal sealed class CallLoops(Responder responder, CallDispatcher dispatcher, CancellationToken end)
{
    private const int Step = 16;

    private readonly Lock _lock = new();
    private readonly List<Task> _runs = [];
    private int _loops;
    private int _busy;

    /// <summary>Runs until the end, and until all that has been received by then is answered.</summary>
    public async Task RunAsync()
    {
        Add();
        for (int i = 0; ; i++)
        {
            Task run;
            lock (_lock)
            {
                if (i == _runs.Count)
                {
                    break;
                }

                run = _runs[i];
            }

            // A failure must not hide later runs: when the only client has gone, each fails as soon as its own calls have ended.
            await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_runs).ConfigureAwait(false);
    }

    private void Add()
    {
        lock (_lock)
        {
            _loops += Step;

            // Not here: the first loop may find a frame and handle it before it returns.
            _runs.Add(DetachedTask.Run(LoopAsync));
        }
    }

    private async Task LoopAsync()
    {
        bool haveBegun = false;
        try
        {
            // Frames that already wait are handled while the loops begin: a call that blocks must not keep those behind it from beginning.
            Task loops = responder.RunAsync(
                (request, context) => Volatile.Read(ref haveBegun) ? HandleAsync(request, context) : HandleElsewhereAsync(request, context),
                Step,
                end);
            Volatile.Write(ref haveBegun, true);
            await loops.ConfigureAwait(false);
        }
        catch (Exception exception) when (end.IsCancellationRequested && exception is OperationCanceledException or ObjectDisposedException)
        {
            // The end of the server.
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> HandleAsync(Request request, RequestContext context)
    {
        if (Interlocked.Increment(ref _busy) >= Volatile.Read(ref _loops))
        {
            Add();
        }

        ValueTask<ReadOnlyMemory<byte>> handled;
        try
        {
            CallDispatcher.Count(request, responder);
            handled = dispatcher.HandleAsync(request, context);
        }
        catch
        {
            Interlocked.Decrement(ref _busy);
            throw;
        }

        if (!handled.IsCompletedSuccessfully)
        {
            return FinishAsync(handled);
        }

        Interlocked.Decrement(ref _busy);
        return handled;
    }

    private async ValueTask<ReadOnlyMemory<byte>> HandleElsewhereAsync(Request request, RequestContext context)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await HandleAsync(request, context).ConfigureAwait(false);
    }

    private async ValueTask<ReadOnlyMemory<byte>> FinishAsync(ValueTask<ReadOnlyMemory<byte>> handled)
    {
        try
        {
            return await handled.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
        }
    }
}
