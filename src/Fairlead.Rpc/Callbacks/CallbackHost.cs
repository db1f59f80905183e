using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>The objects of a client that its server may call.</summary>
/// <remarks>
/// Owns their numbers, and the session over which the calls come; the first object begins it, and an object that is passed after the end of
/// a session begins another. One lock. An object that was passed is kept as long as its session, or as its call if the contract says that.
/// </remarks>
/// <param name="lane">The connection.</param>
/// <param name="options">The client's options.</param>
internal sealed class CallbackHost(IRpcLane lane, RpcClientOptions options) : IDisposable
{
    private readonly Lock _lock = new();
    private ClientSession? _session;

    /// <summary>How many objects the server may call.</summary>
    public int Objects
    {
        get
        {
            lock (_lock)
            {
                return _session?.Targets.Count ?? 0;
            }
        }
    }

    /// <inheritdoc cref="ClientSession.ExecutedAsync"/>
    public Task ExecutedAsync()
    {
        lock (_lock)
        {
            return _session?.ExecutedAsync() ?? Task.CompletedTask;
        }
    }

    /// <summary>Writes the place of an object: session and number. Zeros for null.</summary>
    public void Write<T>(ref RpcWriter call, T? target)
        where T : class
    {
        if (target is null)
        {
            call.WriteGuid(Guid.Empty);
            call.WriteInt32(0);
            return;
        }

        RpcContract<T> contract = RpcContracts.Of<T>();
        _ = Write(ref call, target, contract.Description, () => contract.CreateSkeleton(target));
    }

    /// <summary>Writes the place of an object.</summary>
    /// <returns>Completes with the session.</returns>
    public Task Write(ref RpcWriter call, object target, RpcDescription contract, Func<RpcSkeleton> skeleton)
    {
        ClientSession session = Begin();
        call.Lane = session.Lane;
        call.WriteGuid(session.Id);
        call.WriteInt32(session.Targets.NumberOf(target, contract, skeleton));
        return session.Completion;
    }

    /// <summary>Writes the place of an object that the server may call until the call ends. Zeros for null.</summary>
    public void WriteDuringCall(ref RpcWriter call, RpcDescription contract, RpcSkeleton? skeleton)
    {
        if (skeleton is null)
        {
            call.WriteGuid(Guid.Empty);
            call.WriteInt32(0);
            return;
        }

        ClientSession session = Begin();
        call.Lane = session.Lane;
        call.Objects ??= new CallObjects();
        call.WriteGuid(session.Id);
        call.WriteInt32(call.Objects.Add(session.Targets, contract, skeleton));
    }

    private ClientSession Begin()
    {
        lock (_lock)
        {
            if (_session is null or { HasEnded: true })
            {
                _session = new ClientSession(lane, options);
            }

            return _session;
        }
    }

    /// <summary>Ends the session.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _session?.Dispose();
        }
    }
}
