namespace Fairlead.Rpc.Matchmaking;

/// <summary>The entries of a matchmaker on the network.</summary>
/// <remarks>Owns the connection, which it replaces when the matchmaker has been restarted. One caller at a time.</remarks>
/// <param name="matchmaker">The address of the matchmaker.</param>
/// <param name="schemes">The schemes that the client uses; null: those that are as safe as the matchmaker's.</param>
internal sealed class NetworkDirectory(string matchmaker, IReadOnlyCollection<string>? schemes = null) : IServiceDirectory
{
    // A matchmaker answers from memory.
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Address _matchmaker = Address.Parse(matchmaker);

    // For texts: without credentials.
    private readonly Address _place = EntryAddress.Bare(matchmaker);
    private RpcClient<IMatchmaker>? _client;

    /// <summary>Connects to a matchmaker.</summary>
    /// <exception cref="FairleadException">It is not reached; the text names it.</exception>
    public static async ValueTask<RpcClient<IMatchmaker>> ConnectAsync(string matchmaker, CancellationToken cancellationToken)
    {
        string place = EntryAddress.Bare(matchmaker).ToString();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(MostWait);
        try
        {
            return await Rpc
                .ConnectAsync<IMatchmaker>(matchmaker, new RpcClientOptions { Timeout = MostWait, IsOwn = true }, end.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(
                ErrorCode.Timeout,
                $"the matchmaker at {place} has not answered in {MostWait.Seconds} s",
                "Its host or process may be stopped.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }
        catch (FairleadException missing)
        {
            throw new FairleadException(
                missing.Code,
                $"no matchmaker is reached at {place}: {missing.Message}",
                "Start one with fairlead matchmaker serve.",
                missing)
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ServiceInstance>> FindAsync(string name, CancellationToken cancellationToken)
    {
        List<ServiceInstance> usable = [];
        foreach (ServiceInstance instance in await ListAsync(name, cancellationToken).ConfigureAwait(false))
        {
            Address[] addresses =
                [.. instance.Addresses.Select(entry => EntryAddress.ForClient(entry, _matchmaker, schemes)).OfType<Address>()];
            if (addresses.Length > 0)
            {
                usable.Add(instance with { Addresses = addresses });
            }
        }

        return usable;
    }

    /// <summary>Returns the entries, in random order, as their servers wrote them. Their addresses are not yet those that a client
    /// calls.</summary>
    public async ValueTask<IReadOnlyList<ServiceInstance>> ListAsync(string name, CancellationToken cancellationToken)
    {
        List<ServiceEntry> entries;
        try
        {
            entries = await PagesAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (FairleadException lost) when (lost.Code == ErrorCode.PeerGone && _client is not null)
        {
            // Once more: it may have been restarted.
            await DisposeAsync().ConfigureAwait(false);
            entries = await PagesAsync(name, cancellationToken).ConfigureAwait(false);
        }

        // A matchmaker is another program, too.
        ServiceInstance[] instances = [.. entries.Where(static entry => entry.Fault() is null).Select(static entry => entry.ToInstance())];

        // It does not know how many clients each has.
        Random.Shared.Shuffle(instances);
        return instances;
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(string name, TimeSpan wait, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        FairleadException? failure = null;
        while (wait - TimeProvider.System.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            end.CancelAfter(LongestWait.Within(left));
            try
            {
                // An entry may be that of an instance that has just died.
                await Task.Delay(Pause, TimeProvider.System, end.Token).ConfigureAwait(false);
                IMatchmaker service = await ServiceAsync(end.Token).ConfigureAwait(false);
                await foreach (IReadOnlyList<ServiceEntry> found in service.WatchAsync(name, end.Token).ConfigureAwait(false))
                {
                    // Not before: where the time ends during a further attempt, the last one says why.
                    failure = null;
                    if (found.Count >= MatchmakerService.MostOfList || found.Any(IsUsable))
                    {
                        return;
                    }
                }
            }
            catch (FairleadException lost)
            {
                failure = lost;
                await DisposeAsync().ConfigureAwait(false);
            }
            catch (RpcException refused)
            {
                failure = Refused(name, refused);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        throw failure ?? await NotFoundAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connection. A further call opens another.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private bool IsUsable(ServiceEntry entry) =>
        entry.Fault() is null && entry.Addresses.Any(address => IsUsable(Address.Parse(address)));

    private bool IsUsable(Address address) => EntryAddress.ForClient(address, _matchmaker, schemes) is not null;

    private async ValueTask<IMatchmaker> ServiceAsync(CancellationToken cancellationToken)
    {
        _client ??= await ConnectAsync(matchmaker, cancellationToken).ConfigureAwait(false);
        return _client.Service;
    }

    // A matchmaker may send pages without end.
    private async ValueTask<List<ServiceEntry>> PagesAsync(string name, CancellationToken cancellationToken)
    {
        IMatchmaker service = await ServiceAsync(cancellationToken).ConfigureAwait(false);
        List<ServiceEntry> entries = [];
        try
        {
            await foreach (IReadOnlyList<ServiceEntry> page in service.ListAsync(name, cancellationToken).ConfigureAwait(false))
            {
                entries.AddRange(page.Take(MatchmakerService.Most - entries.Count));
                if (page.Count == 0 || entries.Count == MatchmakerService.Most)
                {
                    break;
                }
            }
        }
        catch (RpcException refused)
        {
            throw Refused(name, refused);
        }

        return entries;
    }

    // It keeps as many streams as it can; others may end in time.
    private FairleadException Refused(string name, RpcException refused) => new(
        ErrorCode.Full,
        $"the matchmaker at {_place} refuses to report {(name.Length == 0 ? "its services" : $"service '{name}'")}: {refused.Message}",
        "Try again, or start another matchmaker.",
        refused)
    {
        Delivery = DeliveryStatus.NotDelivered,
    };

    private async ValueTask<FairleadException> NotFoundAsync(string name, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceInstance> all = await ListAsync("", cancellationToken).ConfigureAwait(false);
        string[] names = [.. all.Select(static instance => instance.Name).Distinct()];
        if (names.Contains(name))
        {
            Address[] places = [.. all.Where(instance => instance.Name == name).Select(static instance => instance.Addresses[0])];
            if (!Array.Exists(places, IsUsable))
            {
                return new FairleadException(
                    ErrorCode.NotFound,
                    $"no instance of service '{name}' at the matchmaker {_place} is at an address that this client uses",
                    $"RpcClientOptions.Schemes names the schemes of other addresses. These are: {string.Join(", ", places)}.")
                {
                    Delivery = DeliveryStatus.NotDelivered,
                };
            }

            return new FairleadException(
                ErrorCode.NotFound,
                $"no instance of service '{name}' at the matchmaker {_place} has taken a connection",
                $"Try again, or check that this host can reach {string.Join(", ", places)}.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }

        return new FairleadException(
            ErrorCode.NotFound,
            $"no service '{name}' is registered at the matchmaker {_place}",
            names.Length == 0 ? "Start its server with that matchmaker." : $"These are: {string.Join(", ", names)}.")
        {
            Delivery = DeliveryStatus.NotDelivered,
        };
    }
}
