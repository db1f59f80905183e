using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>Carries calls to the instances of a service, and goes on with another when one has died.</summary>
/// <remarks>
/// Owns a connection to each instance in use: an array that is replaced under the lock, and read without. A frame that was certainly not
/// executed goes to the next instance, and so does one that may be repeated. Any thread.
/// </remarks>
internal sealed partial class ServiceLane : IClientLane
{
    // How old the view of the registry may be while nothing fails.
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(1);

    private readonly string _name;

    // The contracts that instances must offer; none: each instance fits.
    private volatile RpcDescription[] _wanted;
    private readonly RpcClientOptions _options;
    private const int MostAttempts = 3;

    // Whether contracts, by their hashes, fit that of the client. While the registry is read.
    private readonly Dictionary<ulong, bool> _fits = [];

    private readonly IServiceDirectory _directory;
    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _ended;
    // Those that have been opened: they know the contracts of instances.
    private volatile RpcChannel[] _channels = [];
    private volatile RequesterLane[] _lanes = [];
    private long _refreshed;
    private ulong _hash;
    private uint _turn;

    private ServiceLane(string name, RpcDescription? wanted, RpcClientOptions options)
    {
        (_name, _options, _ended) = (name, options, _end.Token);
        _wanted = wanted is null ? [] : [wanted];
        _directory = options.Matchmaker is { } matchmaker ? new NetworkDirectory(matchmaker, options.Schemes) : new LocalDirectory();
    }

    /// <inheritdoc/>
    public Peer? Peer => Living?.Peer;

    /// <inheritdoc/>
    public Address? Address => Living?.Address;

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    private RequesterLane? Living => Array.Find(_lanes, static lane => !lane.IsGone);

    /// <summary>Finds the service, and connects to an instance.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="wanted">The client's contract: instances whose contract fits are preferred; null: each fits.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="FairleadException">NotFound: none lives, nor has one appeared in time.</exception>
    public static async ValueTask<ServiceLane> ConnectAsync(
        string name, RpcDescription? wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        ServiceLane lane = new(name, wanted, options);
        try
        {
            await lane.RefreshAsync(null, limit: null, cancellationToken).ConfigureAwait(false);
            return lane;
        }
        catch
        {
            await lane.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) =>
        Choose(null) ?? await RefreshAsync(null, limit, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken)
    {
        CallTime time = new(frame, options);
        CallAttempts? attempts = null;
        try
        {
            while (true)
            {
                // The registry is read here only when there is no instance left.
                RequesterLane lane = Choose(attempts?.Failed)
                    ?? RefreshAsync(attempts?.Failed, time.Left, cancellationToken).AsTask().GetAwaiter().GetResult();
                lane.Count(1);
                try
                {
                    Message reply = lane.Request(frame, time.Rest(options), cancellationToken);
                    if (Frames.IsStale(reply))
                    {
                        byte[] renewed = frame.ToArray();
                        if (Renew(reply, renewed, ref options, ref attempts))
                        {
                            frame = renewed;
                            continue;
                        }
                    }

                    if (!MayGoOn(reply, lane, ref attempts))
                    {
                        return reply;
                    }
                }
                catch (Exception exception) when (MayGoOn(exception, options, lane, ref attempts))
                {
                    // The next attempt follows.
                }
                finally
                {
                    lane.Count(-1);
                }

                if (attempts!.Pause > TimeSpan.Zero)
                {
                    PauseAsync(attempts, time, cancellationToken).AsTask().GetAwaiter().GetResult();
                }
            }
        }
        catch (FairleadException last) when (attempts?.Hides(last) == true)
        {
            throw CallAttempts.Unknown(last);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken)
    {
        byte[] kept = ArrayPool<byte>.Shared.Rent(frame.Length);
        frame.CopyTo(kept);
        return RequestAsync(kept, frame.Length, options, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_completion.TrySetResult())
        {
            await _end.CancelAsync().ConfigureAwait(false);

            // An attempt to connect that is under way sees the end, and disposes its connection.
            await _refreshing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            RequesterLane[] lanes = _lanes;
            _lanes = [];
            _refreshing.Dispose();
            await _directory.DisposeAsync().ConfigureAwait(false);
            _end.Dispose();
            foreach (RequesterLane lane in lanes)
            {
                await lane.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Message> RequestAsync(byte[] kept, int length, RequestOptions options, CancellationToken cancellationToken)
    {
        CallTime time = new(kept.AsSpan(0, length), options);
        CallAttempts? attempts = null;
        try
        {
            while (true)
            {
                RequesterLane lane = Choose(attempts?.Failed)
                    ?? await RefreshAsync(attempts?.Failed, time.Left, cancellationToken).ConfigureAwait(false);
                lane.Count(1);
                try
                {
                    Message reply = await lane
                        .RequestAsync(kept.AsSpan(0, length), time.Rest(options), cancellationToken)
                        .ConfigureAwait(false);
                    if (Renew(reply, kept.AsSpan(0, length), ref options, ref attempts))
                    {
                        continue;
                    }

                    if (!MayGoOn(reply, lane, ref attempts))
                    {
                        return reply;
                    }
                }
                catch (Exception exception) when (MayGoOn(exception, options, lane, ref attempts))
                {
                    // The next attempt follows.
                }
                finally
                {
                    lane.Count(-1);
                }

                if (attempts!.Pause > TimeSpan.Zero)
                {
                    await PauseAsync(attempts, time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (FairleadException last) when (attempts?.Hides(last) == true)
        {
            throw CallAttempts.Unknown(last);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(kept);
        }
    }

    // Not longer than the call has: the next attempt then ends in time.
    private async ValueTask PauseAsync(CallAttempts attempts, CallTime time, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended);
        TimeSpan pause = time.Left is { } left && left < attempts.Pause ? left : attempts.Pause;
        try
        {
            await Task.Delay(pause, TimeProvider.System, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(RpcConnection));
        }
    }

    // A rolling upgrade replaces the contract between the writing of a call and its arrival.
    private bool Renew(Message reply, Span<byte> frame, ref RequestOptions options, ref CallAttempts? attempts)
    {
        if (!Frames.IsStale(reply))
        {
            return false;
        }

        try
        {
            attempts ??= new CallAttempts(_options.Retry);
            if (!attempts.MayRenew
                || RenewAtChannel(reply, frame, options) is not { } renewed
                || (attempts.IsInDoubt && !renewed.Idempotent))
            {
                return false;
            }

            options = renewed;
        }
        catch
        {
            reply.Dispose();
            throw;
        }

        attempts.Renew();
        reply.Dispose();
        return true;
    }

    // The channel that knows the contract of the call.
    private RequestOptions? RenewAtChannel(Message reply, Span<byte> frame, RequestOptions options)
    {
        foreach (RpcChannel channel in _channels)
        {
            if (channel.Renew(frame, reply, options) is { } renewed)
            {
                return renewed;
            }
        }

        return null;
    }

    // A server that ends has not executed the call, nor has one that is full. A server that denies it, or had no time left for it, has the
    // last word.
    private bool MayGoOn(Message reply, RequesterLane lane, ref CallAttempts? attempts)
    {
        if (!Refusal.Is(reply))
        {
            // The channel would report that nothing was executed.
            return attempts is { IsInDoubt: true } && Frames.IsStale(reply) ? throw Replaced(reply) : false;
        }

        try
        {
            ErrorCode code = Refusal.Read(reply).Code;
            if (code is ErrorCode.Full or ErrorCode.Unavailable)
            {
                bool isFull = code == ErrorCode.Full;
                bool isOnly = Choose(lane) is null;
                if ((isFull || !isOnly)
                    && (attempts ??= new CallAttempts(_options.Retry)).Fail(lane, wasExecuted: false, isFull, isOnly))
                {
                    reply.Dispose();
                    return true;
                }
            }

            return attempts?.Outcome(reply) is { } outcome ? throw outcome : false;
        }
        catch
        {
            reply.Dispose();
            throw;
        }
    }

    private FairleadException Replaced(Message reply)
    {
        reply.Dispose();
        return CallAttempts.Unknown(new FairleadException(
            ErrorCode.Unavailable,
            $"the server of {_name} was replaced by one with another contract, which has not executed the call",
            "Call again: the new contract is known now."));
    }

    private bool MayGoOn(Exception exception, RequestOptions options, RequesterLane lane, ref CallAttempts? attempts)
    {
        // A connection that has ended may have been disposed by another call.
        bool isDisposed = exception is ObjectDisposedException;
        if (isDisposed || exception is FairleadException { Code: ErrorCode.PeerGone })
        {
            lane.IsGone = true;
        }

        if (_ended.IsCancellationRequested || !lane.IsGone)
        {
            return false;
        }

        attempts ??= new CallAttempts(_options.Retry);
        if (isDisposed)
        {
            attempts.Skip(lane);
            return true;
        }

        if (exception is not FairleadException failure)
        {
            return false;
        }

        bool wasExecuted = failure.Delivery != DeliveryStatus.NotDelivered;
        return (!wasExecuted || options.Idempotent) && attempts.Fail(lane, wasExecuted, wasFull: false);
    }

    /// <summary>Returns the connection for the next frame; null: there is none.</summary>
    /// <param name="failed">Not this one.</param>
    private RequesterLane? Choose(RequesterLane? failed)
    {
        RequesterLane[] lanes = _lanes;
        if (_options.Balance != CallBalance.OneInstance && TimeProvider.System.GetElapsedTime(Volatile.Read(ref _refreshed)) > MostAge)
        {
            Volatile.Write(ref _refreshed, TimeProvider.System.GetTimestamp());
            _ = DetachedTask.Run(LookAgainAsync);
        }

        RequesterLane? chosen = null;
        uint first = _options.Balance == CallBalance.RoundRobin ? Interlocked.Increment(ref _turn) : 0;
        for (uint i = 0; i < lanes.Length; i++)
        {
            RequesterLane lane = lanes[(first + i) % (uint)lanes.Length];
            if (lane == failed || lane.IsGone)
            {
                continue;
            }

            if (_options.Balance != CallBalance.LeastPending)
            {
                return lane;
            }

            if (chosen is null || lane.Pending < chosen.Pending)
            {
                chosen = lane;
            }
        }

        return chosen;
    }
}
