using System.Collections.ObjectModel;
using System.ComponentModel;
using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Streams;

namespace Fairlead.Rpc;

/// <summary>
/// The server's side of a contract: it unmarshals the arguments of a call, calls the service, and marshals the result. Generated code
/// derives from it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public abstract class RpcSkeleton
{
    /// <summary>Executes a call.</summary>
    /// <param name="member">The number of the member, one of the contract.</param>
    /// <param name="invocation">The call. It must be answered before the result completes.</param>
    public abstract ValueTask InvokeAsync(int member, RpcInvocation invocation);
}

/// <summary>A call at the server, for a skeleton.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public readonly struct RpcInvocation
{
    private readonly Request _request;
    private readonly RequestContext _context;
    private readonly SessionTable _sessions;
    private readonly ServerCall? _streams;
    private readonly int _arguments;
    private readonly ClientShares.HeldFrame? _held;

    internal RpcInvocation(
        Request request,
        RequestContext context,
        SessionTable sessions,
        bool isOneWay,
        int arguments,
        ServerCall? streams,
        ClientShares.HeldFrame? held)
    {
        (_request, _context, _sessions, IsOneWay) = (request, context, sessions, isOneWay);
        (_arguments, _streams, _held) = (arguments, streams, held);
    }

    /// <summary>Whether the caller has its reply already.</summary>
    internal bool IsOneWay { get; }

    /// <summary>Cancelled when the caller no longer waits.</summary>
    public CancellationToken CancellationToken => _context.CancellationToken;

    /// <summary>A reader of the arguments. They are valid until the call has been answered.</summary>
    public RpcReader Arguments => new(_request.Span[_arguments..], _held);

    /// <summary>The metadata of the call.</summary>
    /// <exception cref="RpcFormatException">It is malformed.</exception>
    internal IReadOnlyDictionary<string, string> Metadata
    {
        get
        {
            int start = _streams is null ? Frames.CallHeader : Frames.OpenHeader;
            if (_arguments == start)
            {
                return ReadOnlyDictionary<string, string>.Empty;
            }

            // Copied before it is judged: the caller may share this memory.
            RpcReader frame = new(_request.Span[start.._arguments]);
            return new ReadOnlyDictionary<string, string>(CallMetadata.Decode(frame.ReadBytes()));
        }
    }

    /// <summary>Begins the reply.</summary>
    /// <param name="initial">The memory to start in.</param>
    public static RpcWriter BeginReply(Span<byte> initial)
    {
        RpcWriter reply = new(initial);
        reply.WriteByte((byte)ReplyStatus.Ok);
        return reply;
    }

    /// <summary>Sends the reply.</summary>
    public void Reply(scoped ref RpcWriter reply)
    {
        if (!IsOneWay)
        {
            // Before the reply: the next call of the same client may need the room.
            _held?.Dispose();
            Replies.Send(_request, reply.Written);
        }
    }

    /// <summary>Returns a parameter that is a stream.</summary>
    /// <param name="stream">Its number among the parameters that are streams.</param>
    /// <param name="read">Unmarshals an item.</param>
    public IAsyncEnumerable<T> Incoming<T>(int stream, RpcRead<T> read) =>
        Streams.Incoming(stream).Items(read, CancellationToken);

    /// <summary>Returns a parameter that is a stream of bytes.</summary>
    /// <param name="stream">Its number among the parameters that are streams.</param>
    public Stream IncomingBytes(int stream) =>
        new ItemStream(Incoming(stream, static (ref RpcReader reader) => reader.ReadBytes()));

    /// <summary>Sends the bytes of the result as the caller asks for them, and then the reply. Disposes the result.</summary>
    /// <param name="opening">Completes with the result.</param>
    /// <param name="reports">The progress that the call reports; null: it reports none.</param>
    public async ValueTask StreamBytesAsync(ValueTask<Stream> opening, RpcReports? reports = null)
    {
        Stream result;
        try
        {
            result = await opening.ConfigureAwait(false)
                ?? throw new InvalidOperationException("The service has returned null instead of a Stream.");
        }
        catch
        {
            if (reports is not null)
            {
                await reports.EndAsync().ConfigureAwait(false);
            }

            throw;
        }

        await StreamAsync(new ByteChunks(result, isOwned: true), ByteChunks.Write, reports).ConfigureAwait(false);
    }

    /// <summary>Sends the items of the result as the caller asks for them, and then the reply.</summary>
    /// <param name="items">The result. It is enumerated once, while the caller reads.</param>
    /// <param name="write">Marshals an item.</param>
    /// <param name="reports">The progress that the call reports; null: it reports none.</param>
    public async ValueTask StreamAsync<T>(IAsyncEnumerable<T> items, RpcWrite<T> write, RpcReports? reports = null)
    {
        CancellationToken cancellationToken = CancellationToken;

        // Other requests ask for the items. The producer runs in the context of its call.
        ItemSource<T> source = new(items.GetAsyncEnumerator(cancellationToken), write, ExecutionContext.Capture());
        FairleadException? tooLong;
        try
        {
            tooLong = await Streams.ProduceAsync(source, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (reports is not null)
            {
                await reports.EndAsync().ConfigureAwait(false);
            }
        }

        if (tooLong is not null)
        {
            Replies.FailAsTooLong(_request, tooLong);
            return;
        }

        _held?.Dispose();
        _request.Reply([(byte)ReplyStatus.Ok]);
    }

    /// <summary>Returns a parameter that is a contract: a stub that calls the caller's object.</summary>
    /// <param name="arguments">The arguments, from which its number is read.</param>
    public T ReadCallback<T>(ref RpcReader arguments)
        where T : class => ReadCallbackOrNull<T>(ref arguments) ?? throw RpcReader.Corrupt("an object is missing");

    /// <inheritdoc cref="ReadCallback" path="/summary|/param"/>
    public T? ReadCallbackOrNull<T>(ref RpcReader arguments)
        where T : class
    {
        RpcContract<T> contract = RpcContracts.Of<T>();
        return ChannelTo(contract.Description, ref arguments) is { } channel ? contract.CreateStub(channel) : null;
    }

    /// <summary>Reads the place of an object of the caller, and returns the way to it; null: there is no object.</summary>
    internal RpcChannel? ChannelTo(RpcDescription contract, ref RpcReader arguments)
    {
        Guid session = arguments.ReadGuid();
        int target = arguments.ReadInt32();
        if (session == Guid.Empty)
        {
            return null;
        }

        Task<ServerSession> found = _sessions.FindAsync(session, _request.Peer)
            ?? Task.FromException<ServerSession>(SessionTable.Gone());
        CallbackLane lane = new(found, target);

        // A service that never calls the object does not miss its client.
        _ = found.ContinueWith(static missed => missed.Exception, TaskScheduler.Default);
        return RpcChannel.Between(lane, contract, _sessions.CallOptions);
    }

    private ServerCall Streams => _streams ?? throw RpcReader.Corrupt("a member with streams was called without them");
}
