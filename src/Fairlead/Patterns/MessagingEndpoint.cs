using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;

namespace Fairlead;

/// <summary>The base of all patterns: an address, peers, counters and closing.</summary>
/// <remarks>
/// <para>Many threads may use every public member of every endpoint at the same time.</para>
/// <para>
/// There are three ways to close. <see cref="CloseAsync"/> drains until a deadline and reports what was not delivered.
/// <see cref="DisposeAsync"/> does the same with a deadline of one second. <see cref="Dispose"/> aborts. None of them hangs.
/// </para>
/// </remarks>
public abstract partial class MessagingEndpoint : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(1);

    private EndpointCore? _core;
    private EndpointStream? _stream;

    private protected MessagingEndpoint()
    {
    }

    /// <summary>The address this endpoint is bound or connected to. An endpoint bound to port 0 shows the port the kernel
    /// assigned.</summary>
    public Address Address => Core.Address;

    /// <summary>Whether this endpoint is bound and accepts connections; otherwise it has connected.</summary>
    public bool IsBound => Core.IsBound;

    /// <summary>The peers that are connected now.</summary>
    public IReadOnlyList<Peer> Peers => [.. Core.Links().Where(static link => link.WasUp).Select(static link => link.Peer)];

    /// <summary>Completes when the endpoint has ended: this side closed or disposed it, or it lost its peer for good.</summary>
    /// <remarks>
    /// The task never fails, and its continuations run on pool threads. A bound endpoint ends only when this side ends it, unless only one
    /// peer can reach it (<c>fd://</c>). After the loss of the peer, messages that arrived before can still be received.
    /// </remarks>
    public Task<EndpointEnd> Completion => Core.CompletionSource.Task;

    /// <summary>The counters of this endpoint: the same numbers that <c>fairlead list</c> reads from outside.</summary>
    public EndpointStatistics Statistics => EndpointStatistics.Of(Core.Counters) with { SkippedBytes = Core.SkippedBytes };

    private Flushing Flushing => new(Core);

    /// <summary>
    /// Counts a received message as one of a protocol above this endpoint, such as a greeting. Readers of the registry see the sum in
    /// <see cref="Diagnostics.EndpointInfo.ControlMessages"/>.
    /// </summary>
    public void CountControl() => Core.Counters.AddControl(1);

    internal EndpointCore Core
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _core ?? ThrowNotOpen();
    }

    /// <summary>Blocks until every message sent so far has left this process: to the kernel, or into memory that the peer reads.</summary>
    /// <remarks>
    /// Flushing does not mean that the peer has read the messages or ever will. Only a receipt or <see cref="CloseAsync"/> says that. At a
    /// durable address of a broker, flushing waits until the broker has confirmed the messages.
    /// Returns immediately when this endpoint holds nothing. Messages that still wait for capacity or for a peer under a dropping policy
    /// are not included.
    /// </remarks>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait; the messages are written all the same.</param>
    /// <exception cref="FairleadException">
    /// Timeout: the buffers are full because a peer does not read, or a broker has not confirmed the messages.
    /// PeerGone: the peer is lost, and with it some of the messages.
    /// </exception>
    public void Flush(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Flushing.Flush(timeout, cancellationToken);

    /// <summary>Completes when every message sent so far has left this process. Does not block; otherwise like
    /// <see cref="Flush"/>.</summary>
    /// <inheritdoc cref="Flush" path="/param|/exception"/>
    public ValueTask FlushAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Flushing.FlushAsync(timeout, cancellationToken);

    /// <inheritdoc cref="FlushAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => Flushing.FlushAsync(null, cancellationToken);

    /// <summary>Stops sending and receiving new messages, drains until <paramref name="timeout"/>, and then closes.</summary>
    /// <remarks>
    /// Draining waits until the peers have read everything, and until every message in the user's hands is answered. Undelivered messages
    /// do not throw: the report counts them. Calls that wait on this endpoint for a message or a peer end with
    /// <see cref="ObjectDisposedException"/>.
    /// </remarks>
    /// <param name="timeout">How long to drain at most; default one second.</param>
    /// <returns>How many messages this endpoint sent in its life, and how many were acknowledged, not delivered, or are in doubt.</returns>
    public ValueTask<CloseReport> CloseAsync(TimeSpan? timeout = null) => Core.CloseAsync(timeout ?? DisposeTimeout);

    /// <summary>Closes like <see cref="CloseAsync"/>. Blocks.</summary>
    /// <inheritdoc cref="CloseAsync" path="/param|/returns"/>
    public CloseReport Close(TimeSpan? timeout = null) => Core.Close(timeout ?? DisposeTimeout);

    /// <summary>Closes and drains for at most one second.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_core is not null)
        {
            await _core.CloseAsync(DisposeTimeout).ConfigureAwait(false);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Closes immediately. Messages that the peers have not read are not delivered; the peers see that this end closed.</summary>
    public void Dispose()
    {
        _core?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name} {Address}";

    /// <summary>Returns the single stream of this endpoint.</summary>
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

    [DoesNotReturn]
    private static EndpointCore ThrowNotOpen() => throw new InvalidOperationException("The endpoint is not open yet.");
}
