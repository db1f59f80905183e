using System.Threading.Channels;
using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Callbacks;

/// <summary>A session of callbacks at the server: those that its client is to execute, and the calls that wait for their replies.</summary>
/// <remarks>
/// Owns both. One lock for the calls that wait; the queue has its own. It ends with its client, and with it each call that waits.
/// </remarks>
internal sealed class ServerSession(Peer client)
{
    private const int MostCallbacks = 1000;

    private readonly Channel<Callback> _queue = Channel.CreateUnbounded<Callback>(new UnboundedChannelOptions { SingleReader = false });
    private readonly Lock _lock = new();
    private readonly Dictionary<int, TaskCompletionSource<Message>> _waiting = [];
    private bool _hasEnded;
    private int _last;

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

            if (_waiting.Count == MostCallbacks)
            {
                throw new FairleadException(
                    ErrorCode.Full,
                    $"{client} has not answered {MostCallbacks} callbacks",
                    "Await each callback, or fewer at the same time.")
                {
                    Delivery = DeliveryStatus.NotDelivered,
                };
            }

            number = ++_last;
            _waiting[number] = reply;
            _queue.Writer.TryWrite(new Callback(number, target, timeout, frame, CallbackTrace.Current));
        }

        try
        {
            return await reply.Task.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                _waiting.Remove(number);
            }

            _queue.Writer.TryWrite(new Callback(number, 0, null, []));
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
    public async ValueTask PollAsync(Request request, bool takesTraces, CancellationToken cancellationToken)
    {
        if (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            Reply(request, takesTraces);
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

        TaskCompletionSource<Message>? waiting;
        lock (_lock)
        {
            _waiting.Remove(number, out waiting);
        }

        _ = error is not null ? waiting?.TrySetException(error) : waiting?.TrySetResult(reply);
    }

    /// <summary>The client has gone.</summary>
    public void End()
    {
        TaskCompletionSource<Message>[] waiting;
        lock (_lock)
        {
            _hasEnded = true;
            waiting = [.. _waiting.Values];
            _waiting.Clear();
        }

        _queue.Writer.TryComplete();
        foreach (TaskCompletionSource<Message> one in waiting)
        {
            one.TrySetException(Gone(DeliveryStatus.Unknown));
        }
    }

    private FairleadException Gone(DeliveryStatus delivery) => new(ErrorCode.PeerGone, $"{client}, whose object was called, has gone")
    {
        Delivery = delivery,
    };

    private void Reply(Request request, bool takesTraces)
    {
        const int Most = 256;
        List<Callback> callbacks = [];
        while (callbacks.Count < Most && _queue.Reader.TryRead(out Callback callback))
        {
            callbacks.Add(callback);
        }

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
}
