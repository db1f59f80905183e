namespace Fairlead.Rpc.Calls;

/// <summary>The time limit and the metadata of one call, from the options in use and from the call that a service executes.</summary>
internal sealed class CallSettings
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly TimeSpan? _timeout;
    private readonly long _deadline;

    private CallSettings(TimeSpan? timeout, long deadline, ReadOnlyMemory<byte> metadata) =>
        (_timeout, _deadline, Metadata) = (timeout, deadline, metadata);

    /// <summary>Whether this process has used call options, or keeps contexts. Otherwise a call does not look for them.</summary>
    public static bool AreUsed { get; set; }

    /// <summary>The metadata as it travels; empty: there is none.</summary>
    public ReadOnlyMemory<byte> Metadata { get; }

    /// <summary>Returns the settings of a call that the running code makes; null: it has none.</summary>
    /// <param name="given">The options of this call alone; null: the ones in use.</param>
    /// <param name="takesMetadata">False: the other side is a client, which gets none.</param>
    public static CallSettings? Of(RpcCallOptions? given, bool takesMetadata)
    {
        if (!AreUsed && given is null)
        {
            return null;
        }

        CallScope? scope = CallScope.Current;
        RpcContext? served = RpcContext.Running;
        RpcCallOptions? options = given ?? scope?.Options;
        long deadline = CallDeadline.Earlier(scope?.Deadline ?? CallDeadline.None, served?.DeadlineStamp ?? CallDeadline.None);
        if (given is not null)
        {
            deadline = CallDeadline.Earlier(deadline, CallDeadline.Of(given.Deadline));
        }

        ReadOnlyMemory<byte> metadata = takesMetadata && options is not null ? MetadataOf(options, served) : default;
        return options?.Timeout is null && deadline == CallDeadline.None && metadata.IsEmpty
            ? null
            : new CallSettings(options?.Timeout, deadline, metadata);
    }

    /// <summary>Returns the options of the request that carries the call.</summary>
    /// <param name="options">Those without settings.</param>
    /// <exception cref="FairleadException">Timeout: no time is left. The call is not sent.</exception>
    public RequestOptions Apply(RequestOptions options)
    {
        TimeSpan? limit = _timeout is null ? options.Timeout
            : _timeout == Timeout.InfiniteTimeSpan ? null
            : _timeout;
        if (CallDeadline.Left(_deadline) is { } left)
        {
            if (left <= TimeSpan.Zero)
            {
                throw new FairleadException(
                    ErrorCode.Timeout,
                    "the deadline of the call has passed before it was sent; the call was not executed",
                    "Call earlier, or with a later RpcCallOptions.Deadline.")
                {
                    Delivery = DeliveryStatus.NotDelivered,
                };
            }

            left = left < Least ? Least : left;
            limit = limit < left ? limit : left;
        }

        return options with { Timeout = limit };
    }

    /// <summary>Whether a call has failed because the other side does not know metadata.</summary>
    public bool IsNotUnderstood(FairleadException failure) =>
        !Metadata.IsEmpty && failure.Code == ErrorCode.Corrupt && failure.Message.Contains(Frames.UnknownKind, StringComparison.Ordinal);

    /// <summary>Waits for a reply, and reports that the other side does not know metadata.</summary>
    public async ValueTask<Message> FinishAsync(IRpcLane lane, ValueTask<Message> pending)
    {
        try
        {
            return await pending.ConfigureAwait(false);
        }
        catch (FairleadException failure) when (IsNotUnderstood(failure))
        {
            throw NotUnderstood(lane.Address, failure);
        }
    }

    /// <summary>Returns the error of a call whose metadata the other side does not know.</summary>
    public static FairleadException NotUnderstood(Address? address, FairleadException failure) => new(
        ErrorCode.NotSupported,
        $"the server at {address} does not know the metadata of calls, and has not executed the call",
        "Update Fairlead.Rpc at the server, or call without RpcCallOptions.Metadata.",
        failure)
    {
        Address = address,
        Delivery = DeliveryStatus.NotDelivered,
    };

    private static ReadOnlyMemory<byte> MetadataOf(RpcCallOptions options, RpcContext? served)
    {
        if (!options.PassMetadata || served is not { Metadata.Count: > 0 })
        {
            return options.Encoded;
        }

        Dictionary<string, string> pairs = new(served.Metadata, StringComparer.Ordinal);
        foreach ((string name, string text) in options.Metadata)
        {
            pairs[name] = text;
        }

        return CallMetadata.Encode(pairs);
    }
}
