namespace Fairlead.Patterns.Links;

/// <summary>
/// Seeks the peer of a connected endpoint when it is lost: tries the addresses in turn, again and again, each time after twice the pause,
/// more or less: peers that were lost together shall not all come back in the same instant.
/// </summary>
/// <remarks>
/// Whether it seeks is under the endpoint's gate, and may be read without it; one task tries, which the state starts. No lock of its own.
/// </remarks>
/// <param name="addresses">Of the alternatives, in their order.</param>
/// <param name="patience">How long it is tried; zero: not at all.</param>
/// <param name="time">The endpoint's clock.</param>
/// <param name="owner">What is done; called without any lock.</param>
internal sealed class Reconnector(Address[] addresses, TimeSpan patience, TimeProvider time, IReconnectorOwner owner) : IDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();
    private volatile bool _isSeeking;
    private int _attempts;

    /// <summary>Whether a peer that is lost is sought.</summary>
    public bool IsWanted => patience != TimeSpan.Zero;

    /// <summary>Whether the peer is lost and being sought.</summary>
    public bool IsSeeking => _isSeeking;

    /// <summary>How often all addresses have been tried since the peer was lost.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>The peer is lost: whether <see cref="SeekAsync"/> is to be started, which is not under way. Under the gate.</summary>
    public bool TryBegin()
    {
        if (_isSeeking)
        {
            return false;
        }

        Volatile.Write(ref _attempts, 0);
        return _isSeeking = true;
    }

    /// <summary>The peer is back, or given up. Under the gate.</summary>
    public void End() => _isSeeking = false;

    /// <summary>Nothing is tried any more. Any thread; harmless the second time.</summary>
    public void Dispose() => _ending.Cancel();

    /// <summary>Tries until the peer is back, the time has passed, it is hopeless, or <see cref="Dispose"/>.</summary>
    /// <param name="lost">The address at which the peer was.</param>
    public async Task SeekAsync(Address lost)
    {
        int at = Array.IndexOf(addresses, lost);
        Deadline deadline = Deadline.After(patience, time);
        TimeSpan pause = ShortestPause;
        try
        {
            while (true)
            {
                Interlocked.Increment(ref _attempts);
                bool isHopeless = true;
                for (int i = 0; i < addresses.Length; i++)
                {
                    // Behind the one that was lost; with one address, the same again.
                    at = (at + 1) % addresses.Length;
                    try
                    {
                        await owner.ReconnectAsync(addresses[at], _ending.Token).ConfigureAwait(false);
                        return;
                    }
                    catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
                    {
                        FairleadException why =
                            exception as FairleadException
                            ?? new FairleadException(ErrorCode.Failed, exception.ToString(), "Report it.", exception);
                        isHopeless &= why.Code is ErrorCode.Incompatible or ErrorCode.PermissionDenied;
                        owner.OnAttemptFailed(addresses[at], Attempts, why);
                    }
                }

                if (isHopeless || deadline.Passed)
                {
                    owner.OnGivenUp();
                    return;
                }

                TimeSpan rest = deadline.Remaining;
                TimeSpan jittered = pause * (0.5 + Random.Shared.NextDouble());
                await Task.Delay(jittered < rest ? jittered : rest, time, _ending.Token).ConfigureAwait(false);
                pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The endpoint closes; its tear-down ends who waits.
        }
    }
}

/// <summary>Whose peer a <see cref="Reconnector"/> seeks.</summary>
internal interface IReconnectorOwner
{
    /// <summary>Connects, and shakes hands.</summary>
    /// <exception cref="FairleadException">It did not go there.</exception>
    /// <exception cref="ObjectDisposedException">The owner closes.</exception>
    Task ReconnectAsync(Address address, CancellationToken cancellationToken);

    /// <summary>Nobody was there, or would have this side.</summary>
    void OnAttemptFailed(Address address, int attempt, FairleadException why);

    /// <summary>The time has passed, or no address will ever have this side.</summary>
    void OnGivenUp();
}
