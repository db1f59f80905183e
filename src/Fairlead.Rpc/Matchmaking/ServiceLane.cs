using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>Carries calls to the instances of a service, and goes on with another when one has died.</summary>
/// <remarks>
/// Owns a connection to each instance in use: an array that is replaced under the lock, and read without. A frame that was certainly not
/// executed goes to the next instance, and so does one that may be repeated. Any thread.
/// </remarks>
internal sealed class ServiceLane : IClientLane
{
    // How old the view of the registry may be while nothing fails.
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(1);

    private readonly string _name;
    private readonly RpcClientOptions _options;
    private const int MostAttempts = 3;

    private readonly IServiceDirectory _directory;
    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _ended;
    private volatile RequesterLane[] _lanes = [];
    private long _refreshed;
    private ulong _hash;
    private uint _turn;

    private ServiceLane(string name, RpcClientOptions options)
    {
        (_name, _options, _ended) = (name, options, _end.Token);
        _directory = options.Matchmaker is { } matchmaker ? new NetworkDirectory(matchmaker) : new LocalDirectory();
    }

    /// <inheritdoc/>
    public Peer? Peer => Living?.Peer;

    /// <inheritdoc/>
    public Address? Address => Living?.Address;

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    private RequesterLane? Living => Array.Find(_lanes, static lane => !lane.IsGone);

    /// <summary>Finds the service, and connects to an instance.</summary>
    /// <exception cref="FairleadException">NotFound: none lives, nor has one appeared in time.</exception>
    public static async ValueTask<ServiceLane> ConnectAsync(string name, RpcClientOptions options, CancellationToken cancellationToken)
    {
        ServiceLane lane = new(name, options);
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
    public async ValueTask<IRpcLane> PinAsync(CancellationToken cancellationToken) =>
        Choose(null) ?? await RefreshAsync(null, limit: null, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken)
    {
        CallTime time = new(frame, options);
        RequesterLane? failed = null;
        while (true)
        {
            // The registry is read here only when there is no instance left.
            RequesterLane lane = Choose(failed) ?? RefreshAsync(failed, time.Left, cancellationToken).AsTask().GetAwaiter().GetResult();
            lane.Count(1);
            try
            {
                Message reply = lane.Request(frame, time.Rest, cancellationToken);
                if (!IsRefused(reply) || Choose(lane) is null)
                {
                    return reply;
                }

                reply.Dispose();
                failed = lane;
            }
            catch (Exception exception) when (MayGoOn(exception, options, lane))
            {
                failed = lane;
            }
            finally
            {
                lane.Count(-1);
            }
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
        try
        {
            CallTime time = new(kept.AsSpan(0, length), options);
            RequesterLane? failed = null;
            while (true)
            {
                RequesterLane lane = Choose(failed) ?? await RefreshAsync(failed, time.Left, cancellationToken).ConfigureAwait(false);
                lane.Count(1);
                try
                {
                    Message reply = await lane.RequestAsync(kept.AsSpan(0, length), time.Rest, cancellationToken).ConfigureAwait(false);
                    if (!IsRefused(reply) || Choose(lane) is null)
                    {
                        return reply;
                    }

                    reply.Dispose();
                    failed = lane;
                }
                catch (Exception exception) when (MayGoOn(exception, options, lane))
                {
                    failed = lane;
                }
                finally
                {
                    lane.Count(-1);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(kept);
        }
    }

    // A server that ends, or is full, has not executed the call.
    private static bool IsRefused(Message reply) => reply.Span is [(byte)ReplyStatus.Refused, ..];

    private bool MayGoOn(Exception exception, RequestOptions options, RequesterLane lane)
    {
        // A connection that has ended may have been disposed by another call.
        bool isDisposed = exception is ObjectDisposedException;
        if (isDisposed || exception is FairleadException { Code: ErrorCode.PeerGone })
        {
            lane.IsGone = true;
        }

        return !_ended.IsCancellationRequested
            && lane.IsGone
            && (isDisposed
                || (exception is FairleadException failure && (failure.Delivery == DeliveryStatus.NotDelivered || options.Idempotent)));
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

    // New instances share the work soon after they have appeared.
    private async Task LookAgainAsync()
    {
        try
        {
            await RefreshAsync(null, limit: null, _ended).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            // The next call reports it.
        }
    }

    /// <summary>Connects to the instances that live now, and forgets those that have died.</summary>
    /// <param name="failed">Not this one.</param>
    /// <param name="limit">The longest time for it; null: <see cref="RpcClientOptions.WaitForService"/> alone limits the wait.</param>
    /// <param name="cancellationToken">Ends the wait for an instance.</param>
    /// <exception cref="FairleadException">NotFound: none lives, nor has one appeared in time. Timeout: the limit has passed.</exception>
    private async ValueTask<RequesterLane> RefreshAsync(RequesterLane? failed, TimeSpan? limit, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, typeof(RpcConnection));

        // The wait for another call that looks for instances counts, too.
        long began = TimeProvider.System.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended);
        if (limit is { } most)
        {
            end.CancelAfter(LongestWait.Within(most));
        }

        try
        {
            return await RefreshAsync(failed, began, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested, typeof(RpcConnection));
            throw new FairleadException(
                ErrorCode.Timeout,
                $"no instance of service '{_name}' has taken a connection in the time of the call",
                "Start its server, or allow calls a longer Timeout.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }
    }

    private async ValueTask<RequesterLane> RefreshAsync(RequesterLane? failed, long began, CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                bool mayHaveMissed = false;
                TimeSpan left = _options.WaitForService - TimeProvider.System.GetElapsedTime(began);
                try
                {
                    mayHaveMissed = await ConnectAsync(failed, cancellationToken).ConfigureAwait(false);
                }
                catch (FairleadException) when (Living is not null || left > TimeSpan.Zero)
                {
                    // A matchmaker on the network that is away: there are connections, or time to wait for it.
                }

                if (Choose(failed) is { } lane)
                {
                    return lane;
                }

                if (mayHaveMissed && attempt < MostAttempts)
                {
                    // A listed instance was not reached: it ends, or was too busy to answer.
                    continue;
                }

                await _directory.WaitAsync(_name, left, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    // Returns whether an instance is listed to which no connection came about, or none that still lives.
    private async ValueTask<bool> ConnectAsync(RequesterLane? failed, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _refreshed, TimeProvider.System.GetTimestamp());
        List<RequesterLane> lanes = [.. _lanes.Where(static lane => !lane.IsGone)];
        RequesterLane[] dead = [.. _lanes.Except(lanes)];
        List<ServiceInstance> instances =
        [
            .. (await _directory.FindAsync(_name, cancellationToken).ConfigureAwait(false))
                .OrderBy(static instance => instance.Clients)
                .Where(instance => instance.Id != failed?.Instance && !lanes.Exists(lane => lane.Instance == instance.Id)),
        ];

        // A client speaks one contract at a time. Others are taken when no instance of it is left.
        ulong hash = _hash;
        if (lanes.Count == 0 && !instances.Exists(instance => instance.Hash == hash))
        {
            hash = instances.FirstOrDefault()?.Hash ?? hash;
        }

        try
        {
            bool hasMissed = await FillAsync(lanes, instances.Where(instance => instance.Hash == hash), failed, cancellationToken)
                .ConfigureAwait(false);
            return hasMissed || lanes.Exists(static lane => lane.IsGone);
        }
        finally
        {
            // However this ends: the lane closes its connections later, and so must know them all.
            _hash = hash;
            _lanes = [.. lanes];
            foreach (RequesterLane lane in dead)
            {
                await lane.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Connects to instances: one that fails is passed over, where another takes the connection.</summary>
    /// <returns>Whether one was not reached.</returns>
    /// <exception cref="FairleadException">There is no connection, and not because all have ended meanwhile.</exception>
    private async ValueTask<bool> FillAsync(
        List<RequesterLane> lanes, IEnumerable<ServiceInstance> instances, RequesterLane? failed, CancellationToken cancellationToken)
    {
        bool hasMissed = false;
        ExceptionDispatchInfo? refusal = null;
        foreach (ServiceInstance instance in instances)
        {
            if (_options.Balance == CallBalance.OneInstance && lanes.Exists(lane => lane != failed))
            {
                break;
            }

            try
            {
                lanes.Add(await RequesterLane
                    .ConnectAsync(instance.Addresses[0], _options.Endpoint, cancellationToken, instance.Id)
                    .ConfigureAwait(false));
            }
            catch (FairleadException exception) when (exception.Code is ErrorCode.NotFound or ErrorCode.PeerGone or ErrorCode.Unavailable)
            {
                // It has ended since.
                hasMissed = true;
            }
            catch (FairleadException exception)
            {
                // It is stopped, or does not accept this client.
                refusal ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        if (!lanes.Exists(lane => lane != failed))
        {
            refusal?.Throw();
        }

        return hasMissed;
    }
}
