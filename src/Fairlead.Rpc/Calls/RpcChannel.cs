using System.ComponentModel;
using System.Runtime.CompilerServices;
using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Contracts;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <summary>Unmarshals the result of a call.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public delegate T RpcRead<out T>(ref RpcReader reader);

/// <summary>Marshals an item of a stream.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public delegate void RpcWrite<in T>(ref RpcWriter writer, T value);

/// <summary>The way of a stub to its server. Generated code calls it.</summary>
/// <remarks>
/// Owns the server's number of each member: one immutable object, replaced when a server with another contract replaces
/// the first. Any thread.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed partial class RpcChannel
{
    private readonly IRpcLane _lane;
    private readonly RpcDescription _wanted;
    private readonly RpcClientOptions _options;
    private volatile Agreement _agreement;

    private RpcChannel(
        IRpcLane lane, CallbackHost? callbacks, RpcDescription wanted, RpcClientOptions options, Agreement agreement) =>
        (_lane, Callbacks, _wanted, _options, _agreement, _known) = (lane, callbacks, wanted, options, agreement, [agreement]);

    /// <summary>The objects that the server may call; null: this is the channel of a callback.</summary>
    internal CallbackHost? Callbacks { get; }

    /// <summary>The process of the server; null: the transport does not know it, or it has gone.</summary>
    internal Peer? Server => _lane.Peer;

    /// <summary>The client's contract, whose numbers the members of this class take.</summary>
    public RpcDescription Wanted => _wanted;

    /// <summary>The server's contract.</summary>
    public RpcDescription Offered => _agreement.Offered;

    /// <summary>Begins a call.</summary>
    /// <param name="member">The client's number of the member.</param>
    /// <param name="initial">The memory to start in.</param>
    /// <returns>A writer for the arguments. Dispose it.</returns>
    /// <exception cref="FairleadException">Incompatible: the server does not offer the member as this client knows it.</exception>
    public RpcWriter Begin(int member, Span<byte> initial)
    {
        return Begin(member, initial, null);
    }

    /// <param name="member">The client's number of the member.</param>
    /// <param name="initial">The memory to start in.</param>
    /// <param name="options">The options of the call; null: the ones in use.</param>
    /// <inheritdoc cref="Begin(int, Span{byte})" path="/summary|/returns|/exception"/>
    public RpcWriter Begin(int member, Span<byte> initial, RpcCallOptions? options)
    {
        CallSettings? settings = SettingsOf(options);
        RpcWriter call = new(initial) { Settings = settings };
        Frames.WriteCall(ref call, NumberOf(member, out ulong hash), hash, settings is null ? default : settings.Metadata.Span);
        return call;
    }

    /// <summary>Calls, and blocks until the reply has arrived.</summary>
    /// <param name="member">The client's number of the member.</param>
    /// <param name="call">The result of <see cref="Begin(int, Span{byte})"/>, with the arguments.</param>
    /// <param name="read">Unmarshals the result.</param>
    /// <param name="cancellationToken">Gives up the call, and cancels it at the server.</param>
    /// <exception cref="RpcException">The service threw.</exception>
    /// <exception cref="FairleadException">
    /// The call failed: <see cref="FairleadException.Delivery"/> shows whether it was executed.
    /// </exception>
    public T Call<T>(int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken = default) =>
        call.Objects is { } objects ? CallWithObjects(objects, member, ref call, read, cancellationToken)
        : IsWatched ? CallWatched(member, ref call, read, cancellationToken)
        : CallUnwatched(member, ref call, read, cancellationToken);

    private T CallUnwatched<T>(int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        if (_options.Intercept is not null)
        {
            return InterceptAsync(member, Sent.Copy(ref call), read, cancellationToken).AsTask().GetAwaiter().GetResult();
        }

        using Message reply = call.Settings is { } settings
            ? Request(call.Lane ?? _lane, call.Written, settings, member, cancellationToken)
            : (call.Lane ?? _lane).Request(call.Written, OptionsOf(member), cancellationToken);
        return Read(reply, read);
    }

    /// <summary>Calls. Takes no thread while it waits.</summary>
    /// <inheritdoc cref="Call{T}" path="/param|/exception"/>
    public ValueTask<T> CallAsync<T>(int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken = default)
    {
        if (call.Objects is { } objects)
        {
            return CallWithObjectsAsync(objects, member, ref call, read, cancellationToken);
        }

        // The arguments are copied before this returns.
        if (IsWatched)
        {
            return CallWatchedAsync(member, Sent.Copy(ref call), read, cancellationToken);
        }

        if (_options.Intercept is not null)
        {
            return InterceptAsync(member, Sent.Copy(ref call), read, cancellationToken);
        }

        return FinishAsync(RequestAsync(member, call.Lane, call.Written, call.Settings, cancellationToken), read);
    }

    /// <summary>Calls a member without a result. Takes no thread while it waits.</summary>
    /// <inheritdoc cref="Call{T}" path="/exception"/>
    public ValueTask CallAsync(int member, scoped ref RpcWriter call, CancellationToken cancellationToken = default) =>
        call.Objects is { } objects ? CallWithObjectsAsync(objects, member, ref call, cancellationToken)
        : IsWatched
        ? new ValueTask(CallWatchedAsync<bool>(member, Sent.Copy(ref call), Nothing, cancellationToken).AsTask())
        : _options.Intercept is not null
        ? new ValueTask(InterceptAsync<bool>(member, Sent.Copy(ref call), Nothing, cancellationToken).AsTask())
        : FinishAsync(RequestAsync(member, call.Lane, call.Written, call.Settings, cancellationToken));

    /// <summary>Reads nothing: the result of a member that has none.</summary>
    public static bool Nothing(ref RpcReader reader) => true;

    /// <summary>Makes the channel of a client: asks the server for its contract, and compares.</summary>
    /// <param name="lane">The connection.</param>
    /// <param name="callbacks">The callbacks of the connection.</param>
    /// <param name="wanted">The client's contract; null: it has none, and takes the server's first one.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    internal static async ValueTask<RpcChannel> OpenAsync(
        IRpcLane lane, CallbackHost callbacks, RpcDescription? wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<RpcDescription> offered = await AskAsync(lane, wanted, options, cancellationToken).ConfigureAwait(false);
        RpcDescription chosen = OfferedContracts.Choose(wanted, offered);
        wanted ??= chosen;
        Agreement agreement = Agreement.With(wanted, chosen, options, offered);
        RpcChannel channel = new(lane, callbacks, wanted, options, agreement);
        if (!channel.Accepts(agreement))
        {
            throw channel.Incompatible(agreement);
        }

        if (lane is ServiceLane service)
        {
            await service.AddAsync(channel, cancellationToken).ConfigureAwait(false);
        }

        return channel;
    }

    /// <summary>Makes a channel for a further contract of the same server, over the same lane.</summary>
    internal ValueTask<RpcChannel> OpenFurtherAsync(RpcDescription wanted, CancellationToken cancellationToken) =>
        OpenAsync(_lane, Host, wanted, _options, cancellationToken);

    /// <summary>Asks the server for all of its contracts.</summary>
    internal ValueTask<IReadOnlyList<RpcDescription>> DescribeAsync(CancellationToken cancellationToken) =>
        AskAsync(_lane, null, _options, cancellationToken);

    /// <summary>Asks a server for its contract, and compares it with that of a client.</summary>
    /// <returns>Whether a channel to the server can be opened.</returns>
    internal static async ValueTask<bool> FitsAsync(
        IRpcLane lane, RpcDescription wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<RpcDescription> offered = await AskAsync(lane, wanted, options, cancellationToken).ConfigureAwait(false);
        return options.AllowMissingMembers
            || Agreement.With(wanted, OfferedContracts.Choose(wanted, offered), options, offered).Differences.Count == 0;
    }

    /// <summary>Makes a channel to a side whose contract is known to be the same.</summary>
    internal static RpcChannel Between(IRpcLane lane, RpcDescription contract, RpcClientOptions options) =>
        new(lane, null, contract, options, Agreement.With(contract, contract, options, [contract]));

    private static async ValueTask<IReadOnlyList<RpcDescription>> AskAsync(
        IRpcLane lane, RpcDescription? wanted, RpcClientOptions options, CancellationToken cancellationToken)
    {
        // The limit is meant for calls: connecting has as long as any handshake.
        TimeSpan? limit = options.Timeout < options.Endpoint.HandshakeTimeout ? options.Endpoint.HandshakeTimeout : options.Timeout;
        RequestOptions hello = new() { Timeout = limit, Idempotent = true };
        using Message reply = await lane.RequestAsync(Hello(wanted), hello, cancellationToken).ConfigureAwait(false);
        return ReadOffer(reply);
    }

    private static IReadOnlyList<RpcDescription> ReadOffer(Message reply)
    {
        try
        {
            RpcReader reader = new(reply.Span);
            if (reader.ReadByte() is not (byte)ReplyStatus.Ok)
            {
                throw RpcReader.Corrupt("the answer to a hello has another status");
            }

            return OfferedContracts.Read(ref reader);
        }
        catch (RpcFormatException wrong)
        {
            throw wrong.From(reply.Peer);
        }
    }

    private static byte[] Hello(RpcDescription? wanted)
    {
        RpcWriter hello = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteHello(ref hello, wanted);
            return hello.Written.ToArray();
        }
        finally
        {
            hello.Dispose();
        }
    }

    private RequestOptions OptionsOf(int member) => _agreement.Options[member];

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> FinishAsync<T>(ValueTask<Message> pending, RpcRead<T> read)
    {
        using Message reply = await pending.ConfigureAwait(false);
        return Read(reply, read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask<Message> pending)
    {
        using Message reply = await pending.ConfigureAwait(false);
        _ = Read<bool>(reply, Nothing);
    }

    private async ValueTask<T> InterceptAsync<T>(
        int member, Sent call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        T result = default!;
        bool hasResult = false;
        await _options.Intercept!(
            _wanted.Members[member],
            async () =>
            {
                using Message reply = await RequestAsync(member, call.Lane, call.Frame, call.Settings, cancellationToken)
                    .ConfigureAwait(false);
                result = Read(reply, read);
                hasResult = true;
            }).ConfigureAwait(false);
        return hasResult ? result : throw new InvalidOperationException("An interceptor has not made the call, nor thrown.");
    }

    private ushort NumberOf(int member, out ulong hash)
    {
        Agreement agreement = _agreement;
        hash = agreement.Offered.Hash;
        ushort number = agreement.Numbers[member];
        return number == ContractMatch.Missing ? throw Incompatible(agreement) : number;
    }

    private T Read<T>(Message reply, RpcRead<T> read)
    {
        RpcReader reader = new(reply.Span);
        try
        {
            byte status = reader.ReadByte();
            if (status == (byte)ReplyStatus.Ok)
            {
                T result = read(ref reader);
                reader.End();
                return result;
            }

            throw Failure((ReplyStatus)status, ref reader, reply.Peer);
        }
        catch (RpcFormatException wrong)
        {
            throw wrong.From(reply.Peer);
        }
    }

    private Exception Failure(ReplyStatus status, ref RpcReader reader, Peer? server)
    {
        switch (status)
        {
            case ReplyStatus.Failed:
                return RpcException.Read(ref reader, server);
            case ReplyStatus.Stale:
                Agreement agreement = Learn(ref reader);
                return !Accepts(agreement)
                    ? Incompatible(agreement)
                    : new FairleadException(
                        ErrorCode.Unavailable,
                        $"the server of {_wanted.Name} was replaced by one with another contract, which has not executed the call",
                        "Call again: the new contract is known now.")
                    {
                        Delivery = DeliveryStatus.NotDelivered,
                    };
            case ReplyStatus.Refused:
                Refusal refusal = Refusal.Read(ref reader);
                return new FairleadException(refusal.Code, refusal.Text)
                {
                    Address = _lane.Address,
                    Delivery = DeliveryStatus.NotDelivered,
                };
            default:
                return RpcReader.Corrupt($"the reply has the status {(byte)status}");
        }
    }

    private FairleadException Incompatible(Agreement agreement) => new(
        ErrorCode.Incompatible,
        $"the server at {_lane.Address} offers another contract than {_wanted.Name}: {string.Join("; ", agreement.Differences)}",
        "Build client and server against one version of the contract; fairlead describe shows the server's.")
    {
        Address = _lane.Address,
        Delivery = DeliveryStatus.NotDelivered,
    };

    // The contract of the server, compared with the client's.
    private sealed record Agreement(
        RpcDescription Offered, ushort[] Numbers, IReadOnlyList<string> Differences, RequestOptions[] Options)
    {
        /// <param name="wanted">The client's contract.</param>
        /// <param name="offered">The server's contract that fits best.</param>
        /// <param name="options">The client's options.</param>
        /// <param name="all">The contracts that the server has named.</param>
        public static Agreement With(
            RpcDescription wanted, RpcDescription offered, RpcClientOptions options, IReadOnlyList<RpcDescription> all)
        {
            ushort[] numbers = ContractMatch.Compare(wanted, offered, out IReadOnlyList<string> differences);
            if (differences.Count > 0 && all.Count > 1 && offered.Name != wanted.Name)
            {
                string names = string.Join(", ", all.Select(static one => one.Name));
                differences = [$"it offers {names}, and none of them has all members of {wanted.Name}"];
            }

            RequestOptions[] each = new RequestOptions[numbers.Length];
            for (int i = 0; i < each.Length; i++)
            {
                // A call is repeated only if both sides say that it does no harm.
                RpcMemberKinds kinds = numbers[i] == ContractMatch.Missing
                    ? RpcMemberKinds.None
                    : wanted.Members[i].Kinds & offered.Members[numbers[i]].Kinds;
                each[i] = new RequestOptions { Timeout = options.Timeout, Idempotent = (kinds & RpcMemberKinds.Idempotent) != 0 };
            }

            return new Agreement(offered, numbers, differences, each);
        }
    }
}
