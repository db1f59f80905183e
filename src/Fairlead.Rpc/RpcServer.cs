using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>Serves a contract: it takes calls, and lets the skeleton execute them.</summary>
/// <remarks>
/// Owns its endpoints and the run of each. The service remains the caller's: it is not disposed. Calls run on threads of the pool or on the
/// thread that read the call, several at once.
/// </remarks>
public sealed class RpcServer : IAsyncDisposable, IDisposable
{
    private readonly RpcServerOptions _options;
    private readonly RpcSkeleton _skeleton;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Responder> _responders;
    private readonly Task _runs;
    private int _isEnded;

    private RpcServer(List<Responder> responders, RpcDescription description, RpcSkeleton skeleton, RpcServerOptions options)
    {
        (_responders, Description, _skeleton, _options) = (responders, description, skeleton, options);
        Addresses = [.. responders.Select(static responder => responder.Address)];
        _runs = Task.WhenAll(responders.Select(Run));
    }

    /// <summary>Reports each exception of the service. On the thread of the call: return soon.</summary>
    public event EventHandler<HandlerFailure>? HandlerFailed
    {
        add => _responders.ForEach(responder => responder.HandlerFailed += value);
        remove => _responders.ForEach(responder => responder.HandlerFailed -= value);
    }

    /// <summary>Where it is reached; several for a service by name.</summary>
    public IReadOnlyList<Address> Addresses { get; }

    /// <summary>Its contract.</summary>
    public RpcDescription Description { get; }

    /// <summary>Completes when it has ended, after the last call.</summary>
    public Task Completion => _runs;

    internal static async ValueTask<RpcServer> StartAsync<T>(
        IReadOnlyList<Address> addresses, string? label, T service, RpcServerOptions options)
        where T : class
    {
        RpcContract<T> contract = RpcContracts.Of<T>();
        EndpointOptions endpoint = label is null ? options.Endpoint : options.Endpoint with { Label = label };
        List<Responder> responders = [];
        try
        {
            foreach (Address address in addresses)
            {
                responders.Add(await Responder.BindAsync(address, endpoint).ConfigureAwait(false));
            }

            return new RpcServer(responders, contract.Description, contract.CreateSkeleton(service), options);
        }
        catch
        {
            foreach (Responder responder in responders)
            {
                await responder.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>
    /// Takes no further calls, waits for those that it has accepted, at most for <see cref="RpcServerOptions.ShutdownTimeout"/>, and
    /// closes. Callers of calls that still run then get <see cref="ErrorCode.PeerGone"/>, and the tokens of these calls are cancelled.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            await _runs
                .WaitAsync(_options.ShutdownTimeout, _options.Endpoint.TimeProvider)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (Responder responder in _responders)
            {
                await responder.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The blocking form of <see cref="DisposeAsync"/>.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task Run(Responder responder)
    {
        try
        {
            await responder.RunAsync(HandleAsync, _options.MaxConcurrentCalls, _ending.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or ObjectDisposedException && _ending.IsCancellationRequested)
        {
            // The end of the server.
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> HandleAsync(Request request, RequestContext context)
    {
        // Copied before it is judged: the caller may share this memory.
        RpcReader frame = new(request.Span);
        try
        {
            switch ((FrameKind)frame.ReadByte())
            {
                case FrameKind.Hello:
                    Describe(request, ReplyStatus.Ok);
                    return default;
                case FrameKind.Call:
                    _ = frame.ReadByte();
                    ushort member = frame.ReadUInt16();
                    uint hash = frame.ReadUInt32();
                    if (hash != (uint)Description.Hash || member >= Description.Members.Count)
                    {
                        Describe(request, ReplyStatus.Stale);
                        return default;
                    }

                    return InvokeAsync(member, request, context);
                default:
                    throw RpcReader.Corrupt("its first byte is neither a hello nor a call");
            }
        }
        catch (RpcFormatException wrong)
        {
            request.Fail(ErrorCode.Corrupt, wrong.Message);
            return default;
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> InvokeAsync(ushort member, Request request, RequestContext context)
    {
        ValueTask invoked;
        try
        {
            if ((Description.Members[member].Kinds & RpcMemberKinds.OneWay) != 0)
            {
                return InvokeOneWayAsync(member, request, context);
            }

            invoked = _skeleton.InvokeAsync(member, new RpcInvocation(request, context));
            if (invoked.IsCompletedSuccessfully)
            {
                invoked.GetAwaiter().GetResult();
                return default;
            }
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            FailInTime(request);
            return default;
        }
        catch (Exception exception) when (exception is not RpcFormatException)
        {
            Fail(request, exception);
            throw;
        }

        return FinishAsync(invoked, request, context);
    }

    private async ValueTask<ReadOnlyMemory<byte>> FinishAsync(ValueTask invoked, Request request, RequestContext context)
    {
        try
        {
            await invoked.ConfigureAwait(false);
        }
        catch (RpcFormatException wrong)
        {
            request.Fail(ErrorCode.Corrupt, wrong.Message);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            FailInTime(request);
        }
        catch (Exception exception)
        {
            // The endpoint reports it as the failure of a handler. Its own reply comes too late.
            Fail(request, exception);
            throw;
        }

        return default;
    }

    // The caller does not wait for the execution: it has its reply when the call has been taken over.
    private async ValueTask<ReadOnlyMemory<byte>> InvokeOneWayAsync(ushort member, Request request, RequestContext context)
    {
        // The skeleton unmarshals from the request's memory, which stays until this returns. Its own reply comes too late.
        Accept(request);
        await _skeleton.InvokeAsync(member, new RpcInvocation(request, context)).ConfigureAwait(false);
        return default;
    }

    // The caller has given up, which makes this harmless, or its time has passed here before it has there.
    private static void FailInTime(Request request) =>
        request.Fail(ErrorCode.Timeout, "the call has not ended in the time that its caller allows");

    private static void Accept(Request request) => request.Reply([(byte)ReplyStatus.Ok]);

    private void Describe(Request request, ReplyStatus status)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteByte((byte)status);
            Description.Write(ref reply);
            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }

    private void Fail(Request request, Exception exception)
    {
        RpcWriter reply = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            reply.WriteByte((byte)ReplyStatus.Failed);
            RpcException.Write(ref reply, exception, _options);
            request.Reply(reply.Written);
        }
        finally
        {
            reply.Dispose();
        }
    }
}
