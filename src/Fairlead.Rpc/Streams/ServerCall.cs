using System.Runtime.ExceptionServices;

namespace Fairlead.Rpc.Streams;

/// <summary>A call with streams at the server. Its frames may arrive in any order.</summary>
/// <remarks>Owns the producer of its result and the items that have come. One lock. Any thread.</remarks>
internal sealed class ServerCall(Peer client)
{
    private const int MostPulls = 2;

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IItemSource> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception?> _produced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Incoming?[] _incoming = new Incoming?[RpcLimits.MaxUploads];
    private Task _batch = Task.CompletedTask;
    private int _pulls;
    private bool _isProduced;
    private bool _hasEnded;

    // Written before the task of the producer completes, and read behind it.
    private FairleadException? _tooLong;
    private int _isOpen;
    private CancellationToken _caller;

    /// <summary>The client whose frame came first.</summary>
    public Peer Client => client;

    /// <summary>Whether the call itself has come, and not only frames of its streams.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen) != 0;

    /// <summary>Whether the caller no longer waits for the result, which has a producer.</summary>
    public bool IsOver => _caller.IsCancellationRequested;

    /// <summary>How many frames of its streams are under way. Under the lock of the table.</summary>
    public int Frames { get; set; }

    /// <summary>Notes that the call itself has come.</summary>
    /// <returns>False: it came before.</returns>
    public bool TryOpen()
    {
        bool isFirst = Interlocked.Exchange(ref _isOpen, 1) == 0;
        _opened.TrySetResult();
        return isFirst;
    }

    /// <summary>Waits until the call itself has come, which a frame of its streams may have overtaken.</summary>
    /// <exception cref="TimeoutException">It does not come. Servers that share a queue of a broker share the frames, too.</exception>
    public Task WaitUntilOpenAsync(CancellationToken cancellationToken) =>
        IsOpen ? Task.CompletedTask : _opened.Task.WaitAsync(RpcLimits.MostOvertaken, cancellationToken);

    /// <summary>Returns the items of a parameter.</summary>
    public Incoming Incoming(int stream)
    {
        lock (_lock)
        {
            Incoming incoming = _incoming[stream] ??= new Incoming();
            if (_hasEnded)
            {
                incoming.End();
            }

            return incoming;
        }
    }

    /// <summary>Lets the caller pull the result. Completes after its last item, or when the caller has gone.</summary>
    /// <returns>Not null: the caller did not accept a batch, because it is too long.</returns>
    public async ValueTask<FairleadException?> ProduceAsync(IItemSource source, CancellationToken cancellationToken)
    {
        // Before a pull sees the source.
        _caller = cancellationToken;
        _source.TrySetResult(source);
        try
        {
            if (await _produced.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            return _tooLong;
        }
        finally
        {
            // Not during a step of the enumerator, which its token ends.
            Task last;
            lock (_lock)
            {
                _isProduced = true;
                last = _batch;
            }

            await last.ConfigureAwait(false);
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Replies with the next items of the result.</summary>
    /// <param name="request">The request for them.</param>
    /// <param name="most">How many bytes of items the caller takes.</param>
    /// <param name="cancellationToken">Cancelled when the caller has gone.</param>
    /// <returns>The exception of the producer. It also ends the call, which reports it.</returns>
    /// <exception cref="RpcFormatException">The previous items are still under way.</exception>
    public async ValueTask<Exception?> PullAsync(Request request, int most, CancellationToken cancellationToken)
    {
        IItemSource source = await _source.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        TaskCompletionSource batch = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task former;
        lock (_lock)
        {
            // The caller may have the former items before this has returned from sending them.
            if (_isProduced || _pulls == MostPulls)
            {
                throw RpcReader.Corrupt("items are asked for again before they have come, or after the end of their call");
            }

            _pulls++;
            former = _batch;
            _batch = batch.Task;
        }

        await former.ConfigureAwait(false);

        try
        {
            ReadOnlyMemory<byte> frame = await source.TakeAsync(Head, most).ConfigureAwait(false);

            // A batch that the caller does not accept ends the call, and is not a failure of the producer.
            _tooLong ??= Calls.Replies.Send(request, frame.Span);
            if (_tooLong is not null || source.HasEnded)
            {
                _produced.TrySetResult(null);
            }

            return null;
        }
        catch (Exception exception)
        {
            _produced.TrySetResult(exception);
            return exception;
        }
        finally
        {
            lock (_lock)
            {
                _pulls--;
            }

            batch.SetResult();
        }
    }

    /// <summary>Ends the streams. Frames that still come are answered, and dropped.</summary>
    public void End()
    {
        _source.TrySetCanceled();
        lock (_lock)
        {
            _hasEnded = true;
            foreach (Incoming? incoming in _incoming)
            {
                incoming?.End();
            }
        }
    }

    /// <summary>The reply to a pull: no items, and none will come.</summary>
    public static ReadOnlySpan<byte> EndOfItems => [(byte)Calls.ReplyStatus.Ok, 1, 0, 0, 0, 0];

    private static byte[] Head { get; } = [(byte)Calls.ReplyStatus.Ok];
}
