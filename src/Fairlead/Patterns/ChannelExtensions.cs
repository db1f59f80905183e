using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;

namespace Fairlead;

/// <summary>Fairlead's ends as the ends of a <see cref="Channel{T}"/>, for code that takes readers and writers.</summary>
public static class ChannelExtensions
{
    /// <summary>Returns a reader of the values that arrive. It completes when receiving ends, with the error where one ended it.</summary>
    /// <param name="receiver">Receives from now on. Nothing else should receive from it.</param>
    /// <param name="read">
    /// Makes a value of a message. The message is valid until it returns, and is then accepted. Its exception completes the reader.
    /// </param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    /// <remarks>One value is received ahead of the reader: it is lost where the program ends before it is read.</remarks>
    public static ChannelReader<T> AsChannelReader<T>(
        this Receiver receiver, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        return ReceivingChannel.Start(receiver.ReceiveAllAsync(cancellationToken), read);
    }

    /// <inheritdoc cref="AsChannelReader{T}(Receiver, Func{Message, T}, CancellationToken)"/>
    /// <param name="pair">Receives from now on. Nothing else should receive from it.</param>
    /// <param name="read">Makes a value of a message.</param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    public static ChannelReader<T> AsChannelReader<T>(
        this Pair pair, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return ReceivingChannel.Start(pair.ReceiveAllAsync(cancellationToken), read);
    }

    /// <inheritdoc cref="AsChannelReader{T}(Receiver, Func{Message, T}, CancellationToken)"/>
    /// <param name="subscriber">Receives from now on. Nothing else should receive from it.</param>
    /// <param name="read">Makes a value of a message.</param>
    /// <param name="cancellationToken">Ends receiving, and completes the reader.</param>
    public static ChannelReader<T> AsChannelReader<T>(
        this Subscriber subscriber, Func<Message, T> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return ReceivingChannel.Start(subscriber.ReceiveAllAsync(cancellationToken), read);
    }

    /// <summary>Returns a writer that sends each value as a type 1 message, in JSON.</summary>
    /// <param name="sender">Sends. It stays open when the writer completes.</param>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <remarks>
    /// <c>TryWrite</c> takes one value beyond what the receiver has room for, and sends it when there is room. Where that fails, the next
    /// write throws the error.
    /// </remarks>
    public static ChannelWriter<T> AsChannelWriter<T>(this Sender sender, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(type);
        return new SendingChannel<T>(value => sender.TrySend(value, type), (value, token) => sender.SendAsync(value, type, token));
    }

    /// <summary>Returns a writer that sends each value as a type 1 message, as the serializer writes it.</summary>
    /// <param name="sender">Sends. It stays open when the writer completes.</param>
    /// <param name="serializer">Writes the values.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Sender sender, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(sender);
        ArgumentNullException.ThrowIfNull(serializer);
        return new SendingChannel<T>(
            value => sender.TrySend(value, serializer), (value, token) => sender.SendAsync(value, serializer, token));
    }

    /// <summary>Returns a writer that sends each value as a type 1 message, in JSON.</summary>
    /// <param name="pair">Sends. It stays open when the writer completes.</param>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Pair pair, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(type);
        return new SendingChannel<T>(value => pair.TrySend(value, type), (value, token) => pair.SendAsync(value, type, token));
    }

    /// <summary>Returns a writer that sends each value as a type 1 message, as the serializer writes it.</summary>
    /// <param name="pair">Sends. It stays open when the writer completes.</param>
    /// <param name="serializer">Writes the values.</param>
    /// <inheritdoc cref="AsChannelWriter{T}(Sender, JsonTypeInfo{T})" path="/remarks"/>
    public static ChannelWriter<T> AsChannelWriter<T>(this Pair pair, IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(serializer);
        return new SendingChannel<T>(
            value => pair.TrySend(value, serializer), (value, token) => pair.SendAsync(value, serializer, token));
    }
}
