using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Fairlead.Patterns.Forms;

namespace Fairlead;

/// <summary>Wraps endpoints as ends of a <see cref="Channel{T}"/>, for code that takes readers and writers.</summary>
public static class ChannelExtensions
{
    /// <summary>Returns a reader of the values that arrive. It completes when receiving ends, with the error if there is one.</summary>
    /// <param name="receiver">The receiver. From now on nothing else may receive from it.</param>
    /// <param name="read">
    /// Converts a message to a value. The message is valid until this returns, and is then accepted. An exception completes the reader.
    /// </param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    /// <remarks>One value is received ahead of the reader. That value is lost if the program ends before reading it.</remarks>
    public static ChannelReader<T> AsChannelReader<T>(
        this Receiver receiver, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        return ReceivingChannel.Start(receiver.ReceiveAllAsync(cancellationToken), read, cancellationToken);
    }

    /// <inheritdoc cref="AsChannelReader{T}(Receiver, Func{Message, T}, CancellationToken)"/>
    /// <param name="pair">The pair. From now on nothing else may receive from it.</param>
    /// <param name="read">Converts a message to a value.</param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    public static ChannelReader<T> AsChannelReader<T>(
        this Pair pair, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return ReceivingChannel.Start(pair.ReceiveAllAsync(cancellationToken), read, cancellationToken);
    }

    /// <inheritdoc cref="AsChannelReader{T}(Receiver, Func{Message, T}, CancellationToken)"/>
    /// <param name="subscriber">The subscriber. From now on nothing else may receive from it.</param>
    /// <param name="read">Converts a message to a value.</param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    public static ChannelReader<T> AsChannelReader<T>(
        this Subscriber subscriber, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return ReceivingChannel.Start(subscriber.ReceiveAllAsync(cancellationToken), read, cancellationToken);
    }

    /// <summary>Returns a writer that sends each value as JSON in a type 1 message.</summary>
    /// <param name="sender">The sender. It stays open when the writer completes.</param>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <remarks>
    /// <c>TryWrite</c> accepts one value more than the receiver has capacity for, and sends it when there is capacity. If that fails, the
    /// next write throws the error. Await <c>WaitToWriteAsync</c> before you complete the writer: it waits for that value, and throws its
    /// error.
    /// </remarks>
    public static ChannelWriter<T> AsChannelWriter<T>(this Sender sender, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(type);
        return new SendingChannel<T>(value => sender.TrySend(value, type), (value, token) => sender.SendAsync(value, type, token));
    }

    /// <summary>Returns a writer that sends each value in the serializer's format in a type 1 message.</summary>
    /// <param name="sender">The sender. It stays open when the writer completes.</param>
    /// <param name="serializer">The serializer of the values.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Sender sender, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(serializer);
        return new SendingChannel<T>(
            value => sender.TrySend(value, serializer), (value, token) => sender.SendAsync(value, serializer, token));
    }

    /// <summary>Returns a writer that sends each value as JSON in a type 1 message.</summary>
    /// <param name="pair">The pair. It stays open when the writer completes.</param>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Pair pair, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(type);
        return new SendingChannel<T>(value => pair.TrySend(value, type), (value, token) => pair.SendAsync(value, type, token));
    }

    /// <summary>Returns a writer that sends each value in the serializer's format in a type 1 message.</summary>
    /// <param name="pair">The pair. It stays open when the writer completes.</param>
    /// <param name="serializer">The serializer of the values.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Pair pair, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(serializer);
        return new SendingChannel<T>(
            value => pair.TrySend(value, serializer), (value, token) => pair.SendAsync(value, serializer, token));
    }

    /// <summary>Returns a writer that publishes each value as JSON under one topic.</summary>
    /// <param name="publisher">The publisher. It stays open when the writer completes.</param>
    /// <param name="topic">The topic of every value.</param>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <remarks>A slow subscriber gets the publisher's overflow policy. With the policy <c>Wait</c>, writing waits for it.</remarks>
    /// <exception cref="ArgumentException">The topic is malformed.</exception>
    public static ChannelWriter<T> AsChannelWriter<T>(this Publisher publisher, string topic, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(type);
        TopicFilter.CheckTopic(topic);
        return new SendingChannel<T>(
            NeverAtOnce, async (value, token) => await publisher.PublishAsync(topic, value, type, token).ConfigureAwait(false));
    }

    /// <summary>Returns a writer that publishes each value in the serializer's format under one topic.</summary>
    /// <param name="publisher">The publisher. It stays open when the writer completes.</param>
    /// <param name="topic">The topic of every value.</param>
    /// <param name="serializer">The serializer of the values.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Publisher, string, JsonTypeInfo{T})" path="/remarks|/exception"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Publisher publisher, string topic, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(serializer);
        TopicFilter.CheckTopic(topic);
        return new SendingChannel<T>(
            NeverAtOnce, async (value, token) => await publisher.PublishAsync(topic, value, serializer, token).ConfigureAwait(false));
    }

    // Publishing has no form that refuses a value instead of waiting. PublishAsync completes at once where nothing waits.
    private static SendResult NeverAtOnce<T>(T value) => SendResult.Full;
}
