namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Seeks the lost peer of a connected endpoint: tries the addresses one after the other, with doubling pauses.</summary>
/// <remarks>
/// The pauses are random within a range, because peers that were lost together should not all return at the same time. There is one before
/// the first attempt, too, and it grows with each connection that did not last: a server may accept, and end each connection immediately.
/// Whether it seeks is under the endpoint's gate, and may be read without it. One task tries, which the state starts. No separate lock.
/// </remarks>
/// <param name="addresses">The alternatives, in order.</param>
/// <param name="patience">How long to try; zero means not at all.</param>
/// <param name="time">The endpoint's clock.</param>
/// <param name="owner">The actions; called without any lock.</param>
/// <param name="milliseconds">Measures how long a connection has lasted; null: the system's monotonic clock.</param>
internal sealed class Reconnector(
    Address[] addresses, TimeSpan patience, TimeProvider time, IReconnectorOwner owner, Func<long>? milliseconds = null) : IDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause before the first attempt, after connections that did not last.</summary>
    private static readonly TimeSpan LongestFirstPause = TimeSpan.FromMilliseconds(250);

    /// <summary>A connection that lasted this long was good: the pauses begin anew.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Func<long> _milliseconds = milliseconds ?? (static () => Environment.TickCount64);

    // Since when there is a connection, and the pause before the next one. Under the gate.
    private long _connectedAt = milliseconds?.Invoke() ?? Environment.TickCount64;
    private TimeSpan _firstPause;
    private volatile bool _isSeeking;
    private int _attempts;

    /// <summary>Whether to seek a lost peer.</summary>
    public bool IsWanted => patience != TimeSpan.Zero;

    /// <summary>Whether the peer is lost and being sought.</summary>
    public bool IsSeeking => _isSeeking;

    /// <summary>How often all addresses have been tried since the loss.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Whether the endpoint closes. The type of an exception does not tell: a transport may be cancelled on its own.</summary>
    private bool IsOver => _ending.IsCancellationRequested || owner.IsClosing;

    /// <summary>Begins to seek. Returns whether the caller has to start <see cref="SeekAsync"/>. Under the gate.</summary>
    public bool TryBegin()
    {
        if (_isSeeking)
        {
            return false;
        }

        TimeSpan twice = 2 * _firstPause < LongestFirstPause ? 2 * _firstPause : LongestFirstPause;
        bool hasLasted = _milliseconds() - _connectedAt >= Lasting.TotalMilliseconds;
        _firstPause = hasLasted || twice < ShortestPause ? ShortestPause : twice;
        Volatile.Write(ref _attempts, 0);
        return _isSeeking = true;
    }

    /// <summary>Ends seeking, because the peer is back or given up. Under the gate.</summary>
    public void End()
    {
        _connectedAt = _milliseconds();
        _isSeeking = false;
    }

    /// <summary>Stops all attempts. Any thread; a second call has no effect.</summary>
    public void Dispose() => _ending.Cancel();

    /// <summary>Tries until the peer is back, the time has passed, the attempt is hopeless, or <see cref="Dispose"/>.</summary>
    /// <param name="lost">The address of the lost peer.</param>
    public async Task SeekAsync(Address lost)
    {
        int at = Array.IndexOf(addresses, lost);
        Deadline deadline = Deadline.After(patience, time);
        TimeSpan pause = _firstPause;
        try
        {
            while (true)
            {
                TimeSpan rest = deadline.Remaining;
                TimeSpan jittered = pause * (0.5 + Random.Shared.NextDouble());
                await Task.Delay(jittered < rest ? jittered : rest, time, _ending.Token).ConfigureAwait(false);
                pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
                Interlocked.Increment(ref _attempts);
                bool isHopeless = true;
                for (int i = 0; i < addresses.Length; i++)
                {
                    // Begin behind the lost address; with one address, try the same again.
                    at = (at + 1) % addresses.Length;
                    try
                    {
                        await owner.ReconnectAsync(addresses[at], _ending.Token).ConfigureAwait(false);
                        return;
                    }
                    catch (Exception exception) when (!IsOver)
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
            }
        }
        catch (Exception) when (IsOver)
        {
            // The endpoint closes; its tear-down ends the waiters.
        }
    }
}

/// <summary>The owner of a <see cref="Reconnector"/>.</summary>
internal interface IReconnectorOwner
{
    /// <summary>Whether the owner is closing, and needs no peer any more. Any thread.</summary>
    bool IsClosing { get; }

    /// <summary>Connects and completes the handshake.</summary>
    /// <exception cref="Exception">Connecting failed, or the owner is closing.</exception>
    Task ReconnectAsync(Address address, CancellationToken cancellationToken);

    /// <summary>Reports an attempt without a listener, or with a refusal.</summary>
    void OnAttemptFailed(Address address, int attempt, FairleadException why);

    /// <summary>Ends the search: the time has passed, or every address permanently refuses this side.</summary>
    void OnGivenUp();
}
