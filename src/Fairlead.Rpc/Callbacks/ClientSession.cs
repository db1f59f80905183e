using System.Diagnostics;
using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Callbacks;

/// <summary>A session of callbacks at the client: it asks the server for callbacks, executes them, and sends the replies.</summary>
/// <remarks>
/// Owns the objects by their numbers, and the callbacks that are being executed. One lock, never held during user code. The calls of an
/// object are executed one after the other, in their order; different objects do not wait for each other.
/// </remarks>
internal sealed class ClientSession : IDisposable
{
    private readonly RpcClientOptions _options;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, Target> _targets = [];
    private readonly Dictionary<int, HandmadeRequest> _running = [];

    // Of those that are being executed.
    private readonly Dictionary<int, Task> _executions = [];
    private readonly CancellationToken _ended;
    private readonly int _mostBytes;
    private readonly SessionLane _lane;

    // The request that stays open as long as the session. Set before the lane is known.
    private Task<Message>? _held;

    // Of the frames of those that are being executed.
    private long _bytes;
    private int _lastNumber;
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

    /// <summary>Returns the number of an object, 1 or more.</summary>
    /// <param name="target">The object.</param>
    /// <param name="contract">Its contract.</param>
    /// <param name="skeleton">Makes its skeleton. Called only for an object without a number.</param>
    public int NumberOf(object target, RpcDescription contract, Func<RpcSkeleton> skeleton)
    {
        lock (_lock)
        {
            if (!_numbers.TryGetValue(target, out int number))
            {
                number = NextNumber();
                _targets[number] = TargetOf(contract, skeleton());
                _numbers[target] = number;
            }

            return number;
        }
    }

    /// <summary>How many objects the server may call.</summary>
    internal int Objects
    {
        get
        {
            lock (_lock)
            {
                return _targets.Count;
            }
        }
    }

    /// <summary>Makes what executes the calls of an object.</summary>
    internal static Target TargetOf(RpcDescription contract, RpcSkeleton skeleton) =>
        new(contract.Name, new CallDispatcher(contract, skeleton, new RpcServerOptions()) { ReportsAnswers = true });

    /// <summary>Returns a number for an object that is known during calls only.</summary>
    internal int ReserveNumber()
    {
        lock (_lock)
        {
            return NextNumber();
        }
    }

    /// <summary>A call begins that passes an object.</summary>
    internal void Keep(int number, Target target)
    {
        lock (_lock)
        {
            target.Calls = (target.Calls ?? 0) + 1;
            _targets[number] = target;
        }
    }

    /// <summary>A call that has passed an object has ended.</summary>
    internal void Release(int number, Target target)
    {
        lock (_lock)
        {
            if (--target.Calls == 0)
            {
                _targets.Remove(number);
            }
        }
    }

    /// <summary>Completes when the callbacks that this side has accepted by now are executed.</summary>
    internal Task ExecutedAsync()
    {
        lock (_lock)
        {
            return Task.WhenAll(_executions.Values);
        }
    }

    /// <summary>Ends the session, and cancels the callbacks that are being executed. Harmless the second time.</summary>
    public void Dispose()
    {
        HandmadeRequest[] running;
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
        foreach (HandmadeRequest request in running)
        {
            request.Cancel();
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
            HandmadeRequest? cancelled;
            lock (_lock)
            {
                _running.TryGetValue(callback.Number, out cancelled);
            }

            cancelled?.Cancel();
            return;
        }

        HandmadeRequest request = HandmadeRequest.Create(callback.Frame, Lane.Peer, callback.Timeout);
        if (Enter(callback, request) is not { } target)
        {
            _ = AnswerAsync(callback.Number, request);
            return;
        }

        // Only calls are in order. The items of a stream belong to a call that has not ended.
        bool isCall = Frames.IsPlainCall(callback.Frame);
        bool isTakenOver = target.Dispatcher.IsOneWay(callback.Frame) && HasRoom();
        Task execution = ExecuteAsync(isCall ? target.Last : Task.CompletedTask, target, callback, request, isTakenOver);
        lock (_lock)
        {
            if (_running.ContainsKey(callback.Number))
            {
                _executions[callback.Number] = execution;
            }
        }

        if (isCall)
        {
            target.Last = execution;
        }

        if (isTakenOver)
        {
            // The server has its reply when the call has been taken over, and before it is executed.
            _ = AnswerAsync(callback.Number, new byte[] { (byte)ReplyStatus.Ok }, ErrorCode.Failed, "");
        }
    }

    /// <summary>Counts a callback as one that is being executed. Fails its request, and returns null, if it cannot be executed.</summary>
    private Target? Enter(Callback callback, HandmadeRequest request)
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                request.Request.Fail(ErrorCode.Unavailable, "the client is about to end");
            }
            else if (!_targets.TryGetValue(callback.Target, out Target? target))
            {
                request.Request.Fail(ErrorCode.NotFound, "the client has no such object");
            }
            else if (_running.Count == RpcLimits.MaxCallbacks || (_running.Count > 0 && _bytes + callback.Frame.Length > _mostBytes))
            {
                request.Request.Fail(
                    ErrorCode.Full, $"the client executes {_running.Count} callbacks of {_bytes} bytes, as many as it accepts");
            }
            else if (!_running.TryAdd(callback.Number, request))
            {
                request.Request.Fail(ErrorCode.AlreadyExists, "the client executes a callback of that number");
            }
            else
            {
                _bytes += callback.Frame.Length;
                return target;
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

    // What the server has sent before it saw the end of the call is dropped.
    private bool IsKnown(Target target)
    {
        lock (_lock)
        {
            return target.Calls is not 0;
        }
    }

    // Not one that is in use: after 2³¹ numbers the first ones come again.
    private int NextNumber()
    {
        do
        {
            _lastNumber = _lastNumber == int.MaxValue ? 1 : _lastNumber + 1;
        }
        while (_targets.ContainsKey(_lastNumber));

        return _lastNumber;
    }

    private void Leave(Callback callback)
    {
        lock (_lock)
        {
            _running.Remove(callback.Number);
            _bytes -= callback.Frame.Length;
            _executions.Remove(callback.Number);
        }
    }

    private async Task ExecuteAsync(Task former, Target target, Callback callback, HandmadeRequest request, bool isTakenOver)
    {
        await former.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using Activity? activity = CallbackTrace.Start(target.Contract, callback.Trace);
        try
        {
            // One-way: the server has been told that it will be executed.
            if (isTakenOver || IsKnown(target))
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
            await AnswerAsync(callback.Number, request).ConfigureAwait(false);
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

    private Task AnswerAsync(int number, HandmadeRequest request)
    {
        request.Dispose();
        return AnswerAsync(number, request.Reply, request.Error ?? ErrorCode.Failed, request.ErrorText ?? "");
    }

    private async Task AnswerAsync(int number, ReadOnlyMemory<byte>? reply, ErrorCode error, string text)
    {
        try
        {
            await SendAsync(number, reply, error, text).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            // The server no longer waits, or has gone.
        }
    }

    private async Task SendAsync(int number, ReadOnlyMemory<byte>? reply, ErrorCode error, string text)
    {
        try
        {
            (await RequestAsync(number, reply, error, text).ConfigureAwait(false)).Dispose();
        }
        catch (FairleadException tooLong) when (tooLong.Code == ErrorCode.TooLarge && reply is not null)
        {
            // The server waits for an answer.
            (await RequestAsync(number, null, tooLong.Code, tooLong.Message).ConfigureAwait(false)).Dispose();
        }
    }

    private ValueTask<Message> RequestAsync(int number, ReadOnlyMemory<byte>? reply, ErrorCode error, string text)
    {
        RpcWriter answer = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteAnswer(ref answer, Id, number);
            answer.WriteBoolean(reply is null);
            if (reply is { } bytes)
            {
                answer.WriteRaw(bytes.Span);
            }
            else
            {
                answer.WriteInt32((int)error);
                answer.WriteMessage(text);
            }

            return Lane.RequestAsync(answer.Written, default, _ended);
        }
        finally
        {
            answer.Dispose();
        }
    }

    /// <summary>An object.</summary>
    /// <param name="contract">The name of its contract.</param>
    /// <param name="dispatcher">Executes its calls.</param>
    internal sealed class Target(string contract, CallDispatcher dispatcher)
    {
        /// <summary>How many calls that pass it run; null: it is known as long as the session. Under the session's lock.</summary>
        public int? Calls { get; set; }

        public string Contract { get; } = contract;

        public CallDispatcher Dispatcher { get; } = dispatcher;

        /// <summary>The last call. Only the loop that asks for callbacks uses it.</summary>
        public Task Last { get; set; } = Task.CompletedTask;
    }
}
