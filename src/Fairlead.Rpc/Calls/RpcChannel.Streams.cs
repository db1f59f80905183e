using System.Diagnostics;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Streams;

namespace Fairlead.Rpc;

/// <content>Calls with streams.</content>
public sealed partial class RpcChannel
{
    /// <summary>Begins a call with streams.</summary>
    /// <inheritdoc cref="Begin(int, Span{byte})" path="/param|/returns|/exception"/>
    public RpcWriter BeginStreams(int member, Span<byte> initial) => BeginStreams(member, initial, null);

    /// <summary>Begins a call with streams.</summary>
    /// <inheritdoc cref="Begin(int, Span{byte}, RpcCallOptions)" path="/param|/returns|/exception"/>
    public RpcWriter BeginStreams(int member, Span<byte> initial, RpcCallOptions? options)
    {
        CallSettings? settings = SettingsOf(options);
        RpcWriter call = new(initial) { Settings = settings };
        ReadOnlySpan<byte> metadata = settings is null ? default : settings.Metadata.Span;
        Frames.WriteOpen(ref call, NumberOf(member, out ulong hash), hash, Guid.Empty, metadata);
        return call;
    }

    /// <summary>Calls a member with parameters that are streams.</summary>
    /// <param name="member">The client's number of the member.</param>
    /// <param name="call">The result of <see cref="BeginStreams(int, Span{byte})"/>, with the arguments.</param>
    /// <param name="read">Unmarshals the result.</param>
    /// <param name="cancellationToken">Gives up the call, and cancels it at the server.</param>
    /// <param name="uploads">The parameters that are streams.</param>
    /// <inheritdoc cref="Call{T}" path="/exception"/>
    public ValueTask<T> CallAsync<T>(
        int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken, params RpcUpload[] uploads) =>
        FinishAsync(BeginCall(member, Sent.Copy(ref call), uploads, cancellationToken), read);

    /// <summary>Calls a member whose result is a stream.</summary>
    /// <returns>The result. Each enumeration is a call with the same arguments.</returns>
    /// <inheritdoc cref="CallAsync{T}(int, ref RpcWriter, RpcRead{T}, CancellationToken, RpcUpload[])" path="/param"/>
    public IAsyncEnumerable<T> Stream<T>(
        int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken, params RpcUpload[] uploads)
    {
        var sent = Sent.Copy(ref call);
        return new RpcStream<T>(
            token => BeginCall(member, sent with { Frame = [.. sent.Frame] }, uploads, token), this, read, cancellationToken);
    }

    /// <summary>Calls a member whose result is a stream of bytes, and waits until the service has returned it.</summary>
    /// <returns>The result, which ends the call when it is disposed.</returns>
    /// <inheritdoc cref="CallAsync{T}(int, ref RpcWriter, RpcRead{T}, CancellationToken, RpcUpload[])" path="/param"/>
    public ValueTask<Stream> StreamBytesAsync(
        int member, scoped ref RpcWriter call, CancellationToken cancellationToken, params RpcUpload[] uploads) =>
        ItemStream.OpenAsync(Stream(member, ref call, static (ref RpcReader reader) => reader.ReadBytes(), cancellationToken, uploads));

    /// <summary>Unmarshals a reply.</summary>
    internal T Read<T>(Message reply, Func<ReadOnlySpan<byte>, T> read)
    {
        if (reply.Span is not [(byte)ReplyStatus.Ok, ..])
        {
            ReadEnd(reply);
        }

        try
        {
            return read(reply.Span[1..]);
        }
        catch (RpcFormatException wrong)
        {
            throw wrong.From(reply.Peer);
        }
    }

    /// <summary>Reads the reply that ends a call whose result is a stream.</summary>
    /// <exception cref="Exception">The call has failed.</exception>
    internal void ReadEnd(Message reply) => _ = Read<bool>(reply, Nothing);

    // The numbers of the members may have changed since the arguments were marshalled.
    private ClientCall BeginCall(
        int member, Sent call, RpcUpload[] uploads, CancellationToken cancellationToken)
    {
        // The client's limit is meant for calls without streams.
        RequestOptions options = OptionsOf(member) with { Timeout = null };
        options = call.Settings?.Apply(options) ?? options;
        Frames.Renumber(call.Frame, NumberOf(member, out ulong hash), hash);
        ValueTask<IRpcLane> pinned =
            call.Lane is null ? _lane.PinAsync(options.Timeout, cancellationToken) : new ValueTask<IRpcLane>(call.Lane);
        Activity? caller = Activity.Current;
        CallSpan? span = BeginSpan(member);
        try
        {
            return new ClientCall(this, pinned, call, uploads, options, span, cancellationToken);
        }
        finally
        {
            // The parts of the call run in its span; the caller does not.
            Activity.Current = caller;
        }
    }

    private async ValueTask<T> FinishAsync<T>(ClientCall call, RpcRead<T> read)
    {
        await using (call.ConfigureAwait(false))
        {
            try
            {
                Message reply = await call.FinishAsync().ConfigureAwait(false);
                return Read(reply, read);
            }
            catch (Exception exception)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(await call.FailAsync(exception).ConfigureAwait(false));
                throw;
            }
        }
    }
}
