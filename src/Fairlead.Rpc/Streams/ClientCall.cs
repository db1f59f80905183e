using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc.Streams;

/// <summary>
/// A call with streams at the caller: the request that stays open until the call ends, and the items that go to the server.
/// </summary>
/// <remarks>
/// Owns the end of the call: a part that fails ends all of them, and the caller sees the first failure. Dispose it when
/// the call has ended or is given up: the server is told. An upload whose items do not heed their token ends after that, with its next
/// item. One caller; the parts run beside it.
/// </remarks>
internal sealed class ClientCall : IAsyncDisposable
{
    private readonly RpcChannel _channel;
    private readonly Task<IRpcLane> _lane;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _end;
    private readonly Task<Message> _open;
    private readonly Task _parts;
    private readonly CallSpan? _span;
    private readonly CallObjects? _objects;
    private Exception? _failure;
    private int _isDisposed;

    /// <summary>Begins a call.</summary>
    /// <param name="channel">Reads the replies.</param>
    /// <param name="lane">The way to the one process that executes the call.</param>
    /// <param name="sent">The call with its arguments. The identity in it is filled in.</param>
    /// <param name="uploads">The parameters that are streams.</param>
    /// <param name="options">The options of the request that stays open.</param>
    /// <param name="span">Its span, which ends with it; null: it has none.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public ClientCall(
        RpcChannel channel,
        ValueTask<IRpcLane> lane,
        Sent sent,
        RpcUpload[] uploads,
        RequestOptions options,
        CallSpan? span,
        CancellationToken cancellationToken)
    {
        (_channel, _span, _caller, _objects) = (channel, span, cancellationToken, sent.Objects);
        _objects?.Enter();
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Id = Guid.NewGuid();
        _ = Id.TryWriteBytes(sent.Frame.AsSpan(Frames.IdOffset), bigEndian: true, out _);
        _lane = lane.AsTask();
        _open = OpenAsync(sent, options);
        _parts = Task.WhenAll([WatchAsync(), .. uploads.Select(UploadAsync)]);
    }

    /// <summary>The identity of the call. Random: other clients cannot guess it.</summary>
    public Guid Id { get; }

    /// <summary>Sends a request that is part of the call: it ends with the call.</summary>
    /// <param name="frame">Copied before the result completes.</param>
    public async ValueTask<Message> RequestAsync(ReadOnlyMemory<byte> frame)
    {
        IRpcLane lane = await _lane.ConfigureAwait(false);
        return await lane.RequestAsync(frame.Span, default, _end.Token).ConfigureAwait(false);
    }

    /// <summary>Waits for the reply that ends the call. Dispose it.</summary>
    public Task<Message> FinishAsync() => _open;

    /// <summary>Ends the call because a part of it has failed.</summary>
    /// <returns>The exception for the caller: the first failure, of this or of another part.</returns>
    public async ValueTask<Exception> FailAsync(Exception part)
    {
        Exception reason = await ReasonAsync(part).ConfigureAwait(false);
        _span?.FailAtClient(reason);
        return reason;
    }

    private async ValueTask<Exception> ReasonAsync(Exception part)
    {
        Fail(part);
        if (_caller.IsCancellationRequested)
        {
            return new OperationCanceledException(_caller);
        }

        if (Volatile.Read(ref _failure) is { } failure)
        {
            return failure;
        }

        try
        {
            using Message reply = await _open.ConfigureAwait(false);
            _channel.ReadEnd(reply);
            return part;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>Ends all parts of the call, and tells the server. Harmless the second time.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _end.Cancel();
            _objects?.Leave();
            _span?.Dispose();
            _ = CleanUpAsync();
        }

        return default;
    }

    private async Task CleanUpAsync()
    {
        await _parts.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        if (_open.IsCompletedSuccessfully)
        {
            (await _open.ConfigureAwait(false)).Dispose();
        }
    }

    // A part that was cancelled by the end of all is not its reason.
    private void Fail(Exception exception)
    {
        if (exception is not OperationCanceledException || !_end.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }

        _end.Cancel();
    }

    private async Task<Message> OpenAsync(Sent call, RequestOptions options)
    {
        // The wait for an instance belongs to the time of the call.
        CallTime time = new(call.Frame, options);
        IRpcLane lane = await _lane.ConfigureAwait(false);
        RequestOptions rest = time.Rest(options);
        return call.Settings is { } settings
            ? await settings.FinishAsync(lane, _channel.RequestAsync(lane, call.Frame, rest, _end.Token)).ConfigureAwait(false)
            : await _channel.RequestAsync(lane, call.Frame, rest, _end.Token).ConfigureAwait(false);
    }

    // A call that fails as a whole ends its parts: they may wait for a server that has never heard of it.
    private async Task WatchAsync()
    {
        try
        {
            Message reply = await _open.ConfigureAwait(false);
            if (reply.Span is not [(byte)ReplyStatus.Ok, ..])
            {
                await _end.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    // One frame is under way while the next is made. The server replies when it has room for more.
    private async Task UploadAsync(RpcUpload upload, int number)
    {
        try
        {
            // With the connection at hand, a frame is copied before PushAsync returns, and its memory is free for the next.
            _ = await _lane.ConfigureAwait(false);
            byte[] head = Frames.Push(Id, number);
            IItemSource source = upload.Begin(_end.Token);
            await using (source.ConfigureAwait(false))
            {
                Task<bool> isWanted = Task.FromResult(true);
                while (!source.HasEnded)
                {
                    ReadOnlyMemory<byte> frame = await source.TakeAsync(head, RpcLimits.BatchBytes).ConfigureAwait(false);
                    if (!await isWanted.ConfigureAwait(false))
                    {
                        return;
                    }

                    isWanted = PushAsync(frame);
                }

                _ = await isWanted.ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private async Task<bool> PushAsync(ReadOnlyMemory<byte> frame)
    {
        using Message reply = await RequestAsync(frame).ConfigureAwait(false);
        if (Refusal.Is(reply))
        {
            _channel.ReadEnd(reply);
        }

        return reply.Span switch
        {
            [(byte)ReplyStatus.Ok, 0] => true,
            [(byte)ReplyStatus.Ok, 1] => false,
            _ => throw RpcReader.Corrupt("the reply to items of a stream has another form").From(reply.Peer),
        };
    }
}
