namespace Fairlead.Rpc.Calls;

/// <summary>One connection to a server.</summary>
/// <remarks>Owns the requester, and counts the frames under way. Any thread.</remarks>
internal sealed class RequesterLane(Requester requester, string instance) : IClientLane
{
    private int _pending;
    private volatile bool _isGone;

    /// <inheritdoc/>
    public Peer? Peer => requester.Peers is [var server, ..] ? server : null;

    /// <inheritdoc/>
    public Address? Address => requester.Address;

    /// <inheritdoc/>
    public Task Completion => requester.Completion;

    /// <summary>The <see cref="ServiceInstance.Id"/> of the server; empty if it was not found by a name.</summary>
    public string Instance => instance;

    /// <summary>Whether the server has gone.</summary>
    public bool IsGone
    {
        get => _isGone || requester.Completion.IsCompleted;
        set => _isGone = value;
    }

    /// <summary>How many frames wait for their replies.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Connects to a server.</summary>
    public static async ValueTask<RequesterLane> ConnectAsync(
        Address address, EndpointOptions options, CancellationToken cancellationToken, string instance = "") =>
        new(await Requester.ConnectAsync(address, options, cancellationToken).ConfigureAwait(false), instance);

    /// <inheritdoc/>
    public ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) => new(this);

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        requester.Request(frame, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        requester.RequestAsync(frame, options, cancellationToken);

    /// <summary>Notes that a frame is sent on its way, or that its reply has come.</summary>
    public void Count(int change) => Interlocked.Add(ref _pending, change);

    /// <summary>Closes the connection immediately: draining would wait for the calls.</summary>
    public async ValueTask DisposeAsync()
    {
        await requester.CloseAsync(TimeSpan.Zero).ConfigureAwait(false);
        await requester.DisposeAsync().ConfigureAwait(false);
    }
}
