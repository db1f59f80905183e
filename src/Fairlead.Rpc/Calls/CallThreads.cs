namespace Fairlead.Rpc.Calls;

/// <summary>
/// Receives frames on threads that also execute the calls: a call wakes the thread that executes it, and no other. If calls keep all of
/// them, <see cref="CallLoops"/> receive until a thread returns: calls may wait for each other, or for an answer of their client.
/// </summary>
/// <remarks>
/// Owns the threads, and the watch that notices such calls. The watch runs while there are calls; a flag tells whether it does, without a
/// lock.
/// </remarks>
internal sealed class CallThreads(Responder responder, CallDispatcher dispatcher, RpcServerOptions options, CancellationToken end)
{
    /// <summary>How many times the watch sees no call before it ends: beginning it costs more than a call.</summary>
    private const int IdleLooks = 20;

    /// <summary>How long calls may keep all threads at least before others are received.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly CallThread[] _threads = new CallThread[options.BlockingThreads];
    private readonly List<Task> _runs = [];
    private Task _watch = Task.CompletedTask;
    private int _isWatched;

    /// <summary>Runs until the end, and until all that has been received by then is answered.</summary>
    public async Task RunAsync()
    {
        var runs = new Task[_threads.Length];
        for (int i = 0; i < runs.Length; i++)
        {
            CallThread thread = _threads[i] = new CallThread();
            runs[i] = DetachedTask.RunOnThread(() => Run(thread));
        }

        await Task.WhenAll(runs).ConfigureAwait(false);
        await _watch.ConfigureAwait(false);
        await Task.WhenAll(_runs).ConfigureAwait(false);
    }

    private void Run(CallThread thread)
    {
        try
        {
            responder.Run((request, context) => Handle(thread, request, context), int.MaxValue, end);
        }
        catch (Exception exception) when (end.IsCancellationRequested && exception is OperationCanceledException or ObjectDisposedException)
        {
            // The end of the server.
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> Handle(CallThread thread, Request request, RequestContext context)
    {
        thread.Enter();
        if (Volatile.Read(ref _isWatched) == 0 && Interlocked.Exchange(ref _isWatched, 1) == 0)
        {
            _watch = DetachedTask.Start(WatchAsync);
        }

        try
        {
            CallDispatcher.Count(request, responder);
            return dispatcher.HandleAsync(request, context);
        }
        finally
        {
            thread.Leave();
        }
    }

    private async Task WatchAsync()
    {
        CancellationTokenSource? relief = null;
        using PeriodicTimer timer = new(Patience, options.Endpoint.TimeProvider);
        try
        {
            int idleLooks = 0;
            while (idleLooks < IdleLooks || !TryEndWatch())
            {
                Array.ForEach(_threads, static thread => thread.Mark());
                await timer.WaitForNextTickAsync(end).ConfigureAwait(false);
                idleLooks = Array.TrueForAll(_threads, static thread => thread.IsIdle) ? idleLooks + 1 : 0;
                bool areKept = Array.TrueForAll(_threads, static thread => thread.IsKept);
                if (areKept && relief is null)
                {
                    relief = CancellationTokenSource.CreateLinkedTokenSource(end);
                    _runs.RemoveAll(static run => run.IsCompletedSuccessfully);
                    _runs.Add(new CallLoops(responder, dispatcher, relief.Token).RunAsync());
                }
                else if (!areKept && relief is not null)
                {
                    await relief.CancelAsync().ConfigureAwait(false);
                    relief.Dispose();
                    relief = null;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the server.
        }
        finally
        {
            relief?.Dispose();
        }
    }

    /// <summary>Ends the watch, unless a thread has entered a call without beginning another.</summary>
    private bool TryEndWatch()
    {
        Volatile.Write(ref _isWatched, 0);

        // Instead of a barrier in each call: a thread that has read the flag before has its step visible now, others begin a watch.
        Interlocked.MemoryBarrierProcessWide();
        return Array.TrueForAll(_threads, static thread => thread.IsIdle) || Interlocked.Exchange(ref _isWatched, 1) == 1;
    }

    /// <summary>Whether a thread is in a call, and for how long.</summary>
    /// <remarks>One number, odd while the thread is in a call, which it alone writes; and what the watch saw of it last.</remarks>
    private sealed class CallThread
    {
        private long _steps;
        private long _mark;

        /// <summary>Whether it has been outside of any call since the mark.</summary>
        public bool IsIdle => Volatile.Read(ref _steps) == _mark && !IsInside(_mark);

        /// <summary>Whether it has been in one call since the mark.</summary>
        public bool IsKept => Volatile.Read(ref _steps) == _mark && IsInside(_mark);

        // Before the flag of the watch is read; the barrier of the watch orders the two.
        public void Enter() => Volatile.Write(ref _steps, _steps + 1);

        public void Leave() => Volatile.Write(ref _steps, _steps + 1);

        public void Mark() => _mark = Volatile.Read(ref _steps);

        private static bool IsInside(long steps) => (steps & 1) != 0;
    }
}
