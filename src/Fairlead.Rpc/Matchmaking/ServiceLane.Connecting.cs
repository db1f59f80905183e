using System.Runtime.ExceptionServices;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Matchmaking;

/// <content>Looks for instances, and connects to those whose contract the client can use.</content>
internal sealed partial class ServiceLane
{
    /// <summary>Notes a channel that has been opened. After the first one, its contract is one that instances must offer.</summary>
    public async ValueTask AddAsync(RpcChannel channel, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended);
        await _refreshing.WaitAsync(end.Token).ConfigureAwait(false);
        if (_channels.Length > 0)
        {
            _fits.Clear();
            _wanted = [.. _wanted, channel.Wanted];
        }

        _channels = [.. _channels, channel];
        _refreshing.Release();
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
                    mayHaveMissed = await ConnectAsync(failed, mayWait: left > TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
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

    // Returns whether an instance is listed to which no connection came about, or none that still lives. While there is time to wait for
    // another, none is taken whose contract the client cannot use; then the last is, and says what does not fit.
    private async ValueTask<bool> ConnectAsync(RequesterLane? failed, bool mayWait, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _refreshed, TimeProvider.System.GetTimestamp());
        List<RequesterLane> lanes = [.. _lanes.Where(static lane => !lane.IsGone)];
        List<RequesterLane> dead = [.. _lanes.Except(lanes)];
        List<ServiceInstance> instances =
        [
            .. (await _directory.FindAsync(_name, cancellationToken).ConfigureAwait(false))
                .OrderBy(static instance => instance.Clients)
                .Where(instance => instance.Id != failed?.Instance && !lanes.Exists(lane => lane.Instance == instance.Id)),
        ];

        // A client speaks one contract at a time. Others are taken when no instance of it is left.
        ulong hash = _hash;
        bool isConnected = lanes.Count > 0;
        ulong[] hashes = isConnected ? [hash]
            : [.. instances.Select(static instance => instance.Hash).Distinct().Where(one => !mayWait || Rank(one) < Unfit).OrderBy(Rank)];
        bool hasMissed = false;
        try
        {
            for (int i = 0; i < hashes.Length; i++)
            {
                hash = hashes[i];
                bool isLast = i == hashes.Length - 1;
                try
                {
                    hasMissed |= await FillAsync(
                        lanes, instances.Where(instance => instance.Hash == hash), failed, cancellationToken).ConfigureAwait(false);
                }
                catch (FairleadException) when (!isLast)
                {
                    // Instances of this contract take no connection: another may fit.
                    continue;
                }

                if ((isLast && (isConnected || !mayWait)) || await FitsAsync(hash, lanes, failed, cancellationToken).ConfigureAwait(false))
                {
                    break;
                }

                dead.AddRange(lanes);
                lanes.Clear();
            }

            return hasMissed || lanes.Exists(static lane => lane.IsGone);
        }
        finally
        {
            // However this ends: the lane closes its connections later, and so must know them all.
            _hash = lanes.Count > 0 ? hash : _hash;
            _lanes = [.. lanes];
            foreach (RequesterLane lane in dead)
            {
                await lane.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private const int Unfit = 4;

    // First the contract of the last instance and the client's own, then those that fit, then unknown ones.
    private int Rank(ulong hash) => hash == _hash ? 0
        : Array.Exists(_wanted, one => one.Hash == hash) ? 1
        : !_fits.TryGetValue(hash, out bool fits) ? 3
        : fits ? 2 : Unfit;

    // Whether the client can use what instances with a hash offer: one of them is asked once.
    private async ValueTask<bool> FitsAsync(
        ulong hash, List<RequesterLane> lanes, RequesterLane? failed, CancellationToken cancellationToken)
    {
        RpcDescription[] wanted = _wanted;
        if (Array.TrueForAll(wanted, one => one.Hash == hash))
        {
            return true;
        }

        if (_fits.TryGetValue(hash, out bool fits))
        {
            return fits;
        }

        foreach (RequesterLane lane in lanes.Where(lane => lane != failed && !lane.IsGone))
        {
            try
            {
                fits = true;
                foreach (RpcDescription one in wanted)
                {
                    fits = fits && await RpcChannel.FitsAsync(lane, one, _options, cancellationToken).ConfigureAwait(false);
                }

                return _fits[hash] = fits;
            }
            catch (FairleadException)
            {
                // It has ended, or does not answer: the next may.
                lane.IsGone = true;
            }
        }

        return false;
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
