using System.Threading.Channels;
using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Callbacks;

/// <summary>A session of callbacks at the server: those that its client is to execute, and the calls that wait for their replies.</summary>
/// <remarks>
/// Owns both, under one lock. A callback whose caller has given up leaves the queue: a client that asks for none must not fill the
/// memory. It ends with its client, and with it each call that waits.
/// </remarks>
internal sealed class ServerSession(Peer client)
{
    // Of one reply, unless a single callback is longer.
    private const int MostOfReply = 256;
    private const int MostBytesOfReply = 256 * 1024;

    // Holds an item where there may be callbacks in the queue.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Lock _lock = new();
    private readonly LinkedList<Callback> _queue = [];
    private readonly Dictionary<int, Waiting> _waiting = [];
    private bool _hasEnded;
    private int _last;
    private int _polls;

    // Of the next replies: one, to a client that accepts less than several take.
    private int _most = MostOfReply;

    /// <summary>The client.</summary>
    public Peer Client => client;

    /// <summary>Queues a frame for the client.</summary>
    /// <returns>Completes with the reply.</returns>
    public async Task<Message> CallAsync(int target, byte[] frame, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        TaskCompletionSource<Message> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int number;
        lock (_lock)
        {
            if (_hasEnded)
            {
                throw Gone(DeliveryStatus.NotDelivered);
            }

            if (_waiting.Count == RpcLimits.MaxCallbacks)
            {
                throw new FairleadException(
                    ErrorCode.Full,
                    $"{client} has not answered {RpcLimits.MaxCallbacks} callbacks",
                    "Await each callback, or fewer at the same time.")
                {
                    Delivery = DeliveryStatus.NotDelivered,
                };
            }

            number = ++_last;
            Callback callback = new(number, target, timeout, frame, CallbackTrace.Current);
            _waiting[number] = new Waiting(reply) { Place = _queue.AddLast(callback) };
        }

        _news.Writer.TryWrite(true);
        try
        {
            return await reply.Task.WaitAsync(LongestWait.Within(timeout), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            GiveUp(number);
            cancellationToken.ThrowIfCancellationRequested();
            throw new FairleadException(ErrorCode.Timeout, $"{client} has not answered a callback in time")
            {
                Delivery = DeliveryStatus.Unknown,
            };
        }
    }

    /// <summary>Replies with the callbacks that are queued. Waits for the first.</summary>
    /// <param name="request">The poll.</param>
    /// <param name="takesTraces">Whether the client takes trace contexts.</param>
    /// <param name="cancellationToken">Cancelled when the client no longer waits.</param>
    /// <exception cref="RpcFormatException">Too many polls wait already: each keeps its bytes.</exception>
    public async ValueTask PollAsync(Request request, bool takesTraces, CancellationToken cancellationToken)
    {
        if (await WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            // Before looking: a later callback sets it again.
            _news.Reader.TryRead(out _);
            Reply(request, takesTraces);
        }
    }

    private async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Interlocked.Increment(ref _polls) <= RpcLimits.MaxPolls
                ? await _news.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)
                : throw RpcReader.Corrupt($"{RpcLimits.MaxPolls} polls of a session wait");
        }
        finally
        {
            Interlocked.Decrement(ref _polls);
        }
    }

    /// <summary>Takes the reply to a callback.</summary>
    /// <exception cref="RpcFormatException">It is not one.</exception>
    public void Answer(ref RpcReader reader, int number)
    {
        bool isError = reader.ReadBoolean();
        FairleadException? error = null;
        Message reply = default;
        if (isError)
        {
            var code = (ErrorCode)reader.ReadInt32();
            error = new FairleadException(Enum.IsDefined(code) ? code : ErrorCode.Failed, reader.ReadString());
            reader.End();
        }
        else
        {
            reply = HandmadeMessage.Create(reader.ReadRest(), peer: client).Message;
        }

        Waiting? waiting;
        lock (_lock)
        {
            if (_waiting.Remove(number, out waiting))
            {
                LeaveQueue(waiting);
            }
        }

        _ = error is not null ? waiting?.Reply.TrySetException(error) : waiting?.Reply.TrySetResult(reply);
    }

    /// <summary>The client has gone.</summary>
    public void End()
    {
        Waiting[] waiting;
        lock (_lock)
        {
            _hasEnded = true;
            waiting = [.. _waiting.Values];
            _waiting.Clear();
            _queue.Clear();
        }

        _news.Writer.TryComplete();
        foreach (Waiting one in waiting)
        {
            one.Reply.TrySetException(Gone(DeliveryStatus.Unknown));
        }
    }

    private FairleadException Gone(DeliveryStatus delivery) =>
        new(ErrorCode.PeerGone, $"{client}, whose object was called, has disconnected")
        {
            Delivery = delivery,
        };

    /// <summary>The server no longer waits for a callback. Its client is told if it has the callback already.</summary>
    private void GiveUp(int number)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(number, out Waiting? waiting) || LeaveQueue(waiting))
            {
                return;
            }

            _queue.AddLast(new Callback(number, 0, null, []));
        }

        _news.Writer.TryWrite(true);
    }

    /// <summary>Takes a callback out of the queue. Returns false if the client has it already. Under the lock.</summary>
    private bool LeaveQueue(Waiting waiting)
    {
        if (waiting.Place is not { } place)
        {
            return false;
        }

        _queue.Remove(place);
        waiting.Place = null;
        return true;
    }

    /// <summary>
    /// Replies with as many callbacks as the client accepts at the same time, or with none. Those that are too long for it fail.
    /// </summary>
    private void Reply(Request request, bool takesTraces)
    {
        while (true)
        {
            List<Callback> callbacks = Take();
            try
            {
                Reply(request, callbacks, takesTraces);
                return;
            }
            catch (FairleadException tooLong) when (tooLong.Code == ErrorCode.TooLarge && callbacks.Count > 0)
            {
                GiveBack(callbacks, tooLong);
            }
        }
    }

    private static void Reply(Request request, List<Callback> callbacks, bool takesTraces)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Callback.WriteAll(ref reply, callbacks, takesTraces);
            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }

    /// <summary>Takes the callbacks of the next reply out of the queue.</summary>
    private List<Callback> Take()
    {
        List<Callback> taken = [];
        int bytes = 0;
        bool isRest;
        lock (_lock)
        {
            while (_queue.First is { Value: var next } && taken.Count < _most && bytes < MostBytesOfReply)
            {
                _queue.RemoveFirst();
                if (_waiting.TryGetValue(next.Number, out Waiting? waiting))
                {
                    waiting.Place = null;
                }

                taken.Add(next);
                bytes += next.Frame.Length;
            }

            isRest = _queue.Count > 0;
        }

        if (isRest)
        {
            _news.Writer.TryWrite(true);
        }

        return taken;
    }

    /// <summary>Returns callbacks that are too long for their client to the queue; a single one fails.</summary>
    private void GiveBack(List<Callback> callbacks, FairleadException tooLong)
    {
        Waiting? failed = null;
        lock (_lock)
        {
            if (callbacks is [var single])
            {
                _waiting.Remove(single.Number, out failed);
            }
            else
            {
                _most = 1;
                for (int i = callbacks.Count - 1; i >= 0; i--)
                {
                    Callback callback = callbacks[i];
                    if (_waiting.TryGetValue(callback.Number, out Waiting? waiting))
                    {
                        waiting.Place = _queue.AddFirst(callback);
                    }
                    else if (callback.Target == 0)
                    {
                        _queue.AddFirst(callback);
                    }
                }
            }
        }

        failed?.Reply.TrySetException(tooLong);
    }

    /// <summary>A call that waits for its reply.</summary>
    private sealed class Waiting(TaskCompletionSource<Message> reply)
    {
        public TaskCompletionSource<Message> Reply => reply;

        /// <summary>Its place in the queue; null: the client has it. Under the lock of the session.</summary>
        public LinkedListNode<Callback>? Place { get; set; }
    }
}
