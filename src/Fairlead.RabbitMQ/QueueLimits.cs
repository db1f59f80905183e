namespace Fairlead.RabbitMQ;

/// <summary>The arguments of a queue that the options of an address choose: all ends must give them alike.</summary>
/// <param name="IsSingle">Whether one receiver gets all messages, and another only when it has gone.</param>
/// <param name="Priorities">The highest priority that the queue distinguishes; null: none.</param>
/// <param name="Lifetime">How long a message waits before the broker drops it; null: without limit.</param>
/// <param name="Length">How many messages wait before the queue takes no more; null: without limit.</param>
internal readonly record struct QueueLimits(bool IsSingle, int? Priorities, TimeSpan? Lifetime, int? Length)
{
    /// <summary>Whether there is any.</summary>
    public bool Any => this != default;

    /// <exception cref="AddressFormatException">A value is malformed.</exception>
    public static QueueLimits Of(Address address, bool isSingle)
    {
        return new QueueLimits(
            isSingle,
            AddressOptions.Int(address, "priorities", 1, byte.MaxValue),
            BrokerAddress.TimeToLiveOf(address, "lifetime"),
            AddressOptions.Int(address, "length", 1, int.MaxValue));
    }

    /// <summary>Adds the arguments for the declaration.</summary>
    public void AddTo(Dictionary<string, object?> arguments)
    {
        if (IsSingle)
        {
            arguments["x-single-active-consumer"] = true;
        }

        if (Priorities is { } priorities)
        {
            arguments["x-max-priority"] = priorities;
        }

        if (Lifetime is { } lifetime)
        {
            arguments["x-message-ttl"] = (long)lifetime.TotalMilliseconds;
        }

        if (Length is { } length)
        {
            // Senders learn of it. Without this, the queue drops its oldest messages in silence.
            arguments["x-max-length"] = length;
            arguments["x-overflow"] = "reject-publish";
        }
    }
}
