using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Instances;
using Fairlead.Rpc.Streams;

namespace Fairlead.Rpc.Calls;

/// <summary>Judges each frame that reaches a server, lets the skeleton execute the calls, and answers.</summary>
/// <remarks>
/// Owns the open calls with streams and the queue of the others. Any thread. An exception of the service, or an invalid frame, ends its
/// call only.
/// </remarks>
internal sealed partial class CallDispatcher : IDisposable
{
    private readonly ServedContracts _contracts;
    private readonly RpcServerOptions _options;
    private readonly ClientShares _shares;
    private readonly CallQueue _queue;
    private readonly StreamFrames _streams;
    private readonly SessionTable _sessions;
    private readonly MalformedFrames _malformed;
    private readonly LongReads _reads;
    private readonly ActiveCalls _active = new();

    /// <param name="description">The only contract.</param>
    /// <param name="skeleton">Executes the calls.</param>
    /// <param name="options">The limits, checked.</param>
    public CallDispatcher(RpcDescription description, RpcSkeleton skeleton, RpcServerOptions options)
        : this(new ServedContracts(new ServedContract(description, skeleton)), options)
    {
    }

    /// <param name="contracts">The contracts, and what executes the calls.</param>
    /// <param name="options">The limits, checked.</param>
    /// <param name="tooManyMalformed">
    /// Gets the connection of each malformed frame beyond the limit, with a text for it. Null: such frames are not counted.
    /// </param>
    public CallDispatcher(ServedContracts contracts, RpcServerOptions options, Action<Peer, string>? tooManyMalformed = null)
    {
        (_contracts, _options) = (contracts, options);
        _shares = new ClientShares(options.MaxQueuedCallsPerClient, options.MaxQueuedBytesPerClient, options.Clients);
        _reads = new LongReads(options);
        _queue = new CallQueue(options, _shares);
        _malformed = new MalformedFrames(options, tooManyMalformed);
        _streams = new StreamFrames(options, _shares, _malformed);
        _sessions = new SessionTable(options);
    }

    /// <summary>
    /// Whether an <see cref="RpcException"/> is reported like any other exception. It is an answer, and no failure of a server.
    /// </summary>
    public bool ReportsAnswers { get; init; }

    /// <summary>How many calls wait until they may run.</summary>
    public int Waiting => _queue.Count;

    /// <summary>How many bytes of frames are kept for clients.</summary>
    public long HeldBytes => _shares.Bytes;

    /// <summary>Refuses further calls.</summary>
    /// <returns>Completes when none is left. The streams of those that are left go on.</returns>
    public Task EndAsync() => _active.EndAsync();

    /// <summary>Refuses the calls that still wait until they may run.</summary>
    public Task DismissAsync() => _queue.DismissAsync();

    /// <summary>Counts a frame that is not a call apart from the calls.</summary>
    public static void Count(Request request, Responder responder)
    {
        if (!Frames.IsCall(request.Span))
        {
            responder.CountControl();
        }
    }

    /// <summary>Whether a frame calls a one-way member.</summary>
    public bool IsOneWay(ReadOnlySpan<byte> frame)
    {
        if (!Frames.IsPlainCall(frame) || frame.Length < Frames.CallHeader)
        {
            return false;
        }

        RpcReader header = new(frame);
        _ = header.ReadUInt16();
        ushort member = header.ReadUInt16();
        return _contracts.Find(header.ReadUInt32()) is { } contract && contract.Has(member) && contract.IsOneWay(member);
    }

    /// <summary>Notes that a client has disconnected.</summary>
    public void Leave(Peer client)
    {
        _contracts.Leave(client);
        _sessions.Leave(client);
        _reads.Leave(client);
    }

    /// <summary>Releases the objects that were made for calls. To be called once, at the end of the server.</summary>
    public Task ReleaseAsync() => _contracts.EndAsync();

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    /// <summary>Handles a frame. It has been answered when the result completes.</summary>
    /// <param name="request">The frame.</param>
    /// <param name="context">Its context.</param>
    /// <param name="turn">The position of a call whose turn must come before it runs; null: it has no order.</param>
    public ValueTask<ReadOnlyMemory<byte>> HandleAsync(Request request, RequestContext context, CallTurn? turn = null)
    {
        if (_options.AuthorizeClient is { } authorize && !Admits(authorize, request))
        {
            return default;
        }

        if (Frames.FaultOf(request.Span) is { } fault)
        {
            _malformed.Fail(request, fault);
            return default;
        }

        // Copied before it is judged again: the caller may share this memory, and change it.
        RpcReader frame = new(request.Span);
        try
        {
            var kind = (FrameKind)frame.ReadByte();
            if (kind == FrameKind.Hello)
            {
                _contracts.Greet(request, ref frame);
                return default;
            }

            byte stream = frame.ReadByte();
            ushort member = frame.ReadUInt16();
            uint rest = frame.ReadUInt32();
            switch (kind)
            {
                case FrameKind.Call or FrameKind.Open or FrameKind.CallWithMetadata or FrameKind.OpenWithMetadata:
                    return CallAsync(kind, (stream & Frames.TakesAll) != 0, member, rest, ref frame, request, context, turn);
                case FrameKind.Pull:
                    return _streams.PullAsync(ReadLast(ref frame), (int)Math.Min(rest, int.MaxValue), request, context);
                case FrameKind.Push when stream < RpcLimits.MaxUploads:
                    return _streams.PushAsync(frame.ReadGuid(), stream, request, context);
                case FrameKind.Session:
                    return HoldAsync(ReadLast(ref frame), request, context);
                case FrameKind.Poll:
                    return PollAsync(ReadLast(ref frame), (stream & Frames.TakesTraces) != 0, request, context);
                case FrameKind.Answer:
                    return TakeAnswer(ref frame, (int)rest, request);
                default:
                    throw RpcReader.Corrupt(Frames.UnknownKind);
            }
        }
        catch (RpcFormatException wrong)
        {
            _malformed.Fail(request, wrong);
            return default;
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> CallAsync(
        FrameKind kind,
        bool takesAll,
        ushort member,
        uint hash,
        ref RpcReader frame,
        Request request,
        RequestContext context,
        CallTurn? turn)
    {
        if (_contracts.Find(hash) is not { } contract || !contract.Has(member))
        {
            _contracts.Refuse(request, hash, takesAll);
            return default;
        }

        if (kind == FrameKind.Call)
        {
            return CallAsync(new Called(contract, member, Frames.CallHeader), request, context, turn);
        }

        bool hasStreams = kind is FrameKind.Open or FrameKind.OpenWithMetadata;
        Guid id = hasStreams ? frame.ReadGuid() : default;
        if (kind is FrameKind.CallWithMetadata or FrameKind.OpenWithMetadata)
        {
            CallMetadata.Skip(ref frame);
        }

        Called called = new(contract, member, request.Length - frame.Left);
        return hasStreams ? OpenAsync(called, id, request, context, turn) : CallAsync(called, request, context, turn);
    }

    // The frame ends with the identity: further bytes would be kept as long as the frame.
    private static Guid ReadLast(ref RpcReader frame)
    {
        Guid id = frame.ReadGuid();
        frame.End();
        return id;
    }

    private ValueTask<ReadOnlyMemory<byte>> CallAsync(Called call, Request request, RequestContext context, CallTurn? turn)
    {
        if (!_active.TryEnter())
        {
            Replies.RefuseAtEnd(request);
            return default;
        }

        // The frame is long enough to count: from here until it has been answered, whether it waits or runs.
        Peer client = request.Peer;
        if (request.Length >= ClientShares.LongCall && !TryHold(ref call, request))
        {
            _active.Leave();
            return default;
        }

        if (!_queue.TryEnter(client, turn, out CallPosition? position))
        {
            return WaitAndCallAsync(call, request, context, turn, position);
        }

        ValueTask invoked = InvokeInTurn(call, request, context, streams: null);
        if (!invoked.IsCompletedSuccessfully)
        {
            return FinishAsync(call, invoked, client, request, context);
        }

        invoked.GetAwaiter().GetResult();
        call.Held?.Dispose();
        LeavePlace(client);
        return default;
    }

    private bool TryHold(ref Called call, Request request)
    {
        if (_shares.Hold(request.Peer, request.Length, isRead: true) is { } held)
        {
            call = call with { Held = held };
            return true;
        }

        Replies.Refuse(request, ErrorCode.Full, _shares.Explain(request.Peer));
        return false;
    }

    private async ValueTask<ReadOnlyMemory<byte>> WaitAndCallAsync(
        Called call, Request request, RequestContext context, CallTurn? turn, CallPosition? position)
    {
        Peer client = request.Peer;

        // False too if its refusal is too long for its caller, which ends in an exception.
        bool mayRun = false;
        try
        {
            mayRun = await _queue.WaitAsync(request, context, turn, position, call.Held is not null).ConfigureAwait(false);
        }
        finally
        {
            if (!mayRun)
            {
                call.Held?.Dispose();
                _active.Leave();
            }
        }

        return mayRun
            ? await FinishAsync(call, InvokeInTurn(call, request, context, streams: null), client, request, context).ConfigureAwait(false)
            : default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> FinishAsync(
        Called call, ValueTask invoked, Peer client, Request request, RequestContext context)
    {
        try
        {
            await AnswerAsync(call, invoked, request, context).ConfigureAwait(false);
        }
        finally
        {
            call.Held?.Dispose();
            LeavePlace(client);
        }

        return default;
    }

    private async ValueTask<ReadOnlyMemory<byte>> OpenAsync(
        Called call, Guid id, Request request, RequestContext context, CallTurn? turn)
    {
        if (!_active.TryEnter())
        {
            Replies.RefuseAtEnd(request);
            return default;
        }

        ServerCall? streams = null;
        CancellationTokenRegistration over = default;
        try
        {
            streams = _streams.Open(id, request);
            if (streams is not null)
            {
                // A service may ignore its token: what its caller has sent is released nonetheless.
                over = context.CancellationToken.UnsafeRegister(static call => ((ServerCall)call!).End(), streams);
            }

            // The arguments are kept as long as the call lasts.
            if (streams is not null
                && TryHold(ref call, request)
                && await _queue.WaitForTurnAsync(request, context, turn).ConfigureAwait(false))
            {
                ValueTask invoked = InvokeInTurn(call, request, context, streams);
                await AnswerAsync(call, invoked, request, context).ConfigureAwait(false);
            }
        }
        finally
        {
            call.Held?.Dispose();
            await over.DisposeAsync().ConfigureAwait(false);
            if (streams is not null)
            {
                _streams.Remove(id);
                streams.End();
            }

            _active.Leave();
        }

        return default;
    }

    private void LeavePlace(Peer client)
    {
        _queue.Leave(client);
        _active.Leave();
    }

    // Which member is called, where its arguments begin, and the share of its client that it has; null: it is short, or does not run yet.
    private readonly record struct Called(ServedContract Contract, ushort Member, int Arguments, ClientShares.HeldFrame? Held = null);
}
