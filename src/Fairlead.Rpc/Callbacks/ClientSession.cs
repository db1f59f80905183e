using System.Diagnostics;
using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Callbacks;

/// <summary>A session of callbacks at the client: it asks the server for callbacks, and executes them.</summary>
/// <remarks>
/// Owns the callbacks that are being executed. One lock, never held during user code. The calls of an object are executed one after the
/// other, in their order; different objects do not wait for each other. <see cref="CallbackTargets"/> has the objects, and
/// <see cref="CallbackAnswers"/> sends the answers.
/// </remarks>
internal sealed class ClientSession : IDisposable
{
    private readonly RpcClientOptions _options;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<int, Execution> _running = [];
    private readonly CancellationToken _ended;
    private readonly int _mostBytes;
    private readonly SessionLane _lane;
    private readonly CallbackAnswers _answers;

    // The request that stays open as long as the session. Set before the lane is known.
    private Task<Message>? _held;

    // Of the frames of those that are being executed.
    private long _bytes;
    private bool _hasEnded;

    /// <summary>Begins a session.</summary>
    /// <param name="lane">The connection. The session stays with one process, and waits for it if none lives.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="mostBytes">The most bytes of the callbacks that are executed at the same time.</param>
    public ClientSession(IRpcLane lane, RpcClientOptions options, int mostBytes = RpcLimits.MaxCallbackBytes)
    {
        (_options, _mostBytes, _ended) = (options, mostBytes, _end.Token);

        // The session outlasts the call that begins it, and belongs to no trace: its callbacks bring their own. The request that holds it
        // is sent here, because it must reach the server before the call.
        Activity? caller = Activity.Current;
        Activity.Current = null;
        Task<IRpcLane> begun;
        try
        {
            begun = DetachedTask.Start(() => BeginAsync(lane));
        }
        finally
        {
            Activity.Current = caller;
        }

        _lane = new SessionLane(begun);
        _answers = new CallbackAnswers(_lane, Id, _ended);
        Completion = DetachedTask.Run(() => HoldAsync(begun));
        _ = DetachedTask.Run(PollAsync);
    }

    /// <summary>The way to the process that calls the objects.</summary>
    public IRpcLane Lane => _lane;

    /// <summary>The identity of the session. Random: other clients cannot guess it.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>Whether the server has gone, was not found, or has refused the session.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded) || _lane.HasFailed;

    /// <summary>Completes when the session has ended.</summary>
    public Task Completion { get; }

    /// <summary>The objects that the server may call.</summary>
    public CallbackTargets Targets { get; } = new();

    /// <summary>Completes when the callbacks that this side has accepted until this call are executed.</summary>
    public Task ExecutedAsync()
    {
        lock (_lock)
        {
            return Task.WhenAll(_running.Values.Select(static execution => execution.Completion));
        }
    }

    /// <summary>Ends the session, and cancels the callbacks that are being executed. Harmless the second time.</summary>
    public void Dispose()
    {
        Execution[] running;
        lock (_lock)
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            running = [.. _running.Values];
        }

        _end.Cancel();
        _end.Dispose();
        foreach (Execution execution in running)
        {
            execution.Request.Cancel();
        }
    }

    private async Task<IRpcLane> BeginAsync(IRpcLane lane)
    {
        IRpcLane pinned;
        try
        {
            pinned = await lane.PinAsync(null, _ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(RpcConnection));
        }

        _held = pinned.RequestAsync(Frames.Session(Id), default, _ended).AsTask();
        return pinned;
    }

    // The server ends the session when this request is cancelled, which the end of the connection does.
    private async Task HoldAsync(Task<IRpcLane> begun)
    {
        try
        {
            _ = await begun.ConfigureAwait(false);
            (await _held!.ConfigureAwait(false)).Dispose();
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection has ended. Calls report it.
        }

        Dispose();
    }

    private async Task PollAsync()
    {
        byte[] poll = Frames.Poll(Id);
        try
        {
            while (true)
            {
                Callback[] callbacks;
                using (Message reply = await Lane.RequestAsync(poll, default, _ended).ConfigureAwait(false))
                {
                    callbacks = Callback.ReadAll(reply.Span);
                }

                foreach (Callback callback in callbacks)
                {
                    Take(callback);
                }
            }
        }
        catch (Exception exception) when (
            exception is FairleadException or OperationCanceledException or ObjectDisposedException or RpcFormatException)
        {
            Dispose();
        }
    }

    private void Take(Callback callback)
    {
        if (callback.Target == 0)
        {
            Cancel(callback.Number);
            return;
        }

        HandmadeRequest request = HandmadeRequest.Create(callback.Frame, Lane.Peer, callback.Timeout);
        if (Enter(callback, request) is not { } execution)
        {
            _ = _answers.SendAsync(callback.Number, request);
            return;
        }

        // Only calls are in order. The items of a stream belong to a call that has not ended.
        CallbackTarget target = execution.Target;
        bool isCall = Frames.IsPlainCall(callback.Frame);
        bool isTakenOver = target.Dispatcher.IsOneWay(callback.Frame) && HasRoom();
        Task completion = ExecuteAsync(isCall ? target.Last : Task.CompletedTask, execution, isTakenOver);
        lock (_lock)
        {
            execution.Completion = completion;
        }

        if (isCall)
        {
            target.Last = completion;
        }

        if (isTakenOver)
        {
            // The server has its reply when the call has been taken over, and before it is executed.
            _ = _answers.AcceptAsync(callback.Number);
        }
    }

    private void Cancel(int number)
    {
        Execution? cancelled;
        lock (_lock)
        {
            _running.TryGetValue(number, out cancelled);
        }

        cancelled?.Request.Cancel();
    }

    /// <summary>Counts a callback as one that is being executed. Fails its request, and returns null, if it cannot be executed.</summary>
    private Execution? Enter(Callback callback, HandmadeRequest request)
    {
        CallbackTarget? target = Targets.Find(callback.Target);
        lock (_lock)
        {
            if (_hasEnded)
            {
                request.Request.Fail(ErrorCode.Unavailable, "the client is about to end");
            }
            else if (target is null)
            {
                request.Request.Fail(ErrorCode.NotFound, "the client has no such object");
            }
            else if (_running.Count == RpcLimits.MaxCallbacks || (_running.Count > 0 && _bytes + callback.Frame.Length > _mostBytes))
            {
                request.Request.Fail(
                    ErrorCode.Full, $"the client executes {_running.Count} callbacks of {_bytes} bytes, as many as it accepts");
            }
            else
            {
                Execution execution = new(callback, target, request);
                if (_running.TryAdd(callback.Number, execution))
                {
                    _bytes += callback.Frame.Length;
                    return execution;
                }

                request.Request.Fail(ErrorCode.AlreadyExists, "the client executes a callback of that number");
            }
        }

        return null;
    }

    // A server that calls faster than the object executes is slowed down, and does not see Full.
    private bool HasRoom()
    {
        lock (_lock)
        {
            return _running.Count <= RpcLimits.MaxCallbacks / 2 && _bytes <= _mostBytes / 2;
        }
    }

    private void Leave(Callback callback)
    {
        lock (_lock)
        {
            _running.Remove(callback.Number);
            _bytes -= callback.Frame.Length;
        }
    }

    private async Task ExecuteAsync(Task former, Execution execution, bool isTakenOver)
    {
        await former.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        (Callback callback, CallbackTarget target, HandmadeRequest request) = execution;
        using Activity? activity = CallbackTrace.Start(target.Contract, callback.Trace);
        try
        {
            // What the server has sent before it saw the end of the call is dropped, unless it was told that it will be executed.
            if (isTakenOver || Targets.IsKnown(target))
            {
                await target.Dispatcher.HandleAsync(request.Request, request.Context).ConfigureAwait(false);
            }
            else
            {
                request.Request.Fail(ErrorCode.NotFound, "the call that passed the object has ended");
            }
        }
        catch (Exception exception)
        {
            // The server has it as a reply, unless the callback is one-way.
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            Report(exception);
        }

        Leave(callback);
        if (isTakenOver)
        {
            request.Dispose();
        }
        else
        {
            await _answers.SendAsync(callback.Number, request).ConfigureAwait(false);
        }
    }

    private void Report(Exception exception)
    {
        try
        {
            _options.CallbackFailed?.Invoke(exception);
        }
        catch (Exception)
        {
            // An exception here must not keep the reply back, nor the calls behind it.
        }
    }

    /// <summary>A callback that is being executed.</summary>
    private sealed record Execution(Callback Callback, CallbackTarget Target, HandmadeRequest Request)
    {
        /// <summary>Completes when it is executed and answered. Under the session's lock.</summary>
        public Task Completion { get; set; } = Task.CompletedTask;
    }
}
