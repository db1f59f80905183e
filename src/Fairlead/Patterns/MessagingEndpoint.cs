using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// What all patterns share: an address, peers, counters, closing. Every public member of every endpoint may be used by many threads at
/// once.
/// </summary>
/// <remarks>
/// Closing has three forms: <see cref="CloseAsync"/> drains until a deadline and reports what was not delivered; <see cref="DisposeAsync"/>
/// is that with one second; <see cref="Dispose"/> aborts. None of them hangs.
/// </remarks>
public abstract partial class MessagingEndpoint : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(1);

    private EndpointCore? _core;
    private EndpointStream? _stream;

    private protected MessagingEndpoint()
    {
    }

    /// <summary>Where this endpoint is bound or connected. For a bound one at port 0, with the port that was given.</summary>
    public Address Address => Core.Address;

    /// <summary>Whether it listens; otherwise it has connected.</summary>
    public bool IsBound => Core.IsBound;

    /// <summary>The peers that are connected at this moment.</summary>
    public IReadOnlyList<Peer> Peers => [.. Core.Links().Where(static link => link.WasUp).Select(static link => link.Peer)];

    /// <summary>
    /// Completes when the endpoint has ended: this side has closed or disposed it, or it has lost its peer for good. The task never fails,
    /// and its continuations run on threads of the pool. A bound endpoint ends only when this side ends it, unless only one peer can reach
    /// it (<c>fd://</c>). After the loss of the peer, messages that came before can still be received.
    /// </summary>
    public Task<EndpointEnd> Completion => Core.Completion.Task;

    /// <summary>What this endpoint has counted so far; the same numbers that <c>fairlead list</c> reads from outside.</summary>
    public EndpointStatistics Statistics => EndpointStatistics.Of(Core.Counters);

    private Flushing Flushing => new(Core);

    internal EndpointCore Core => _core ?? throw new InvalidOperationException("The endpoint is not open yet.");

    /// <summary>
    /// Blocks until everything that was sent here before has left this process: the kernel has it, or the memory that the peer reads. That
    /// is not to say that the peer has read it, or that it ever will: only a receipt says that, and <see cref="CloseAsync"/>. Where nothing
    /// lies here it returns at once. What still waits for room or for a peer under a policy that drops is not waited for.
    /// </summary>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait; what lies here is written all the same.</param>
    /// <exception cref="FairleadException">
    /// Timeout: a peer that does not read has let its buffers fill up. PeerGone: the peer is lost, and some of it with it.
    /// </exception>
    public void Flush(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Flushing.Flush(timeout, cancellationToken);

    /// <summary>
    /// Completes when everything that was sent here before has left this process. Without blocking, otherwise like <see cref="Flush"/>.
    /// </summary>
    /// <inheritdoc cref="Flush" path="/param|/exception"/>
    public ValueTask FlushAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Flushing.FlushAsync(timeout, cancellationToken);

    /// <inheritdoc cref="FlushAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => Flushing.FlushAsync(null, cancellationToken);

    /// <summary>
    /// Takes nothing new, waits until the peers have read everything, and until what is in hand here has been answered, or
    /// <paramref name="timeout"/> has passed; then ends. Does not throw for messages that were not delivered: the report counts them. Calls
    /// that wait on this endpoint for a message or a peer end with <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <param name="timeout">At most so long; default one second.</param>
    /// <returns>What was sent in the endpoint's life, acknowledged, not delivered, and in doubt.</returns>
    public ValueTask<CloseReport> CloseAsync(TimeSpan? timeout = null) => Core.CloseAsync(timeout ?? DisposeTimeout);

    /// <summary>The same as <see cref="CloseAsync"/>. Blocks.</summary>
    /// <inheritdoc cref="CloseAsync" path="/param|/returns"/>
    public CloseReport Close(TimeSpan? timeout = null) => Core.Close(timeout ?? DisposeTimeout);

    /// <summary>Closes with one second for draining.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_core is not null)
        {
            await _core.CloseAsync(DisposeTimeout).ConfigureAwait(false);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Ends at once. What the peers have not read is not delivered; they see that this end closed.</summary>
    public void Dispose()
    {
        _core?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name} {Address}";

    /// <summary>The one stream of this endpoint.</summary>
    private protected Stream StreamOf(bool canRead, bool canWrite)
    {
        Core.Receivers.BecomeStream(canRead);
        if (_stream is null)
        {
            Interlocked.CompareExchange(ref _stream, new EndpointStream(this, canRead, canWrite), null);
        }

        return _stream;
    }

    private protected void Open(EndpointCore core) => _core = core;
}
