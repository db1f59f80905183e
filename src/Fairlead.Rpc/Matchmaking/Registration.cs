namespace Fairlead.Rpc.Matchmaking;

/// <summary>Keeps a server registered at a matchmaker on the network, and registers it again when the matchmaker comes back.</summary>
/// <remarks>Owns the connection, over which the entry lives.</remarks>
internal sealed class Registration : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly string _matchmaker;
    private readonly ServiceEntry _entry;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;

    private Registration(string matchmaker, ServiceEntry entry)
    {
        (_matchmaker, _entry) = (matchmaker, entry);
        _run = DetachedTask.Run(RunAsync);
    }

    /// <summary>Registers a server.</summary>
    /// <exception cref="FairleadException">The matchmaker is not reached, or does not take the entry.</exception>
    public static async ValueTask<Registration> StartAsync(string matchmaker, ServiceEntry entry)
    {
        Registration registration = new(matchmaker, entry);
        try
        {
            await registration._first.Task.ConfigureAwait(false);
            return registration;
        }
        catch
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the connection, and with it the entry.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        CancellationToken end = _end.Token;
        TimeSpan pause = FirstPause;
        try
        {
            while (true)
            {
                try
                {
                    RpcClient<IMatchmaker> client = await NetworkDirectory.ConnectAsync(_matchmaker, end).ConfigureAwait(false);
                    await using (client.ConfigureAwait(false))
                    {
                        await foreach (bool _ in client.Service.RegisterAsync(_entry, end).ConfigureAwait(false))
                        {
                            _first.TrySetResult();
                            pause = FirstPause;
                        }
                    }
                }
                catch (Exception exception) when (!end.IsCancellationRequested)
                {
                    if (_first.TrySetException(exception is RpcException refused ? Refused(refused) : exception))
                    {
                        return;
                    }
                }

                // Not all servers at the same moment.
                await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), TimeProvider.System, end).ConfigureAwait(false);
                pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the server.
        }
    }

    private FairleadException Refused(RpcException refused) => new(
        refused.Code switch
        {
            MatchmakerError.TooMany => ErrorCode.Full,
            MatchmakerError.Denied => ErrorCode.PermissionDenied,
            _ => ErrorCode.Failed,
        },
        $"the matchmaker at {_matchmaker} has refused {_entry.Name}: {refused.Message}",
        "Look at its entries with fairlead services --matchmaker.",
        refused);
}
