namespace Fairlead.Hosting;

/// <summary>Handles the messages of a receiving endpoint: of a receiver, a subscriber or a worker.</summary>
/// <remarks>
/// The host makes an instance for each message, in a scope of its own, which it disposes when the handler has returned. The message is
/// accepted when the handler returns. If the handler throws, the message is rejected with the type of the exception, the exception is
/// logged, and the endpoint goes on with the next message.
/// </remarks>
public interface IMessageHandler
{
    /// <summary>Handles one message.</summary>
    /// <param name="message">The message. It is valid until the returned task completes, and the host disposes it.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the time that the host has for stopping is over. The beginning of a stop does not cancel it: a message that a handler
    /// has is handled to its end.
    /// </param>
    ValueTask HandleAsync(Message message, CancellationToken cancellationToken);
}

/// <summary>Handles the messages of a receiving endpoint as values of a type.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <inheritdoc cref="IMessageHandler" path="/remarks"/>
public interface IMessageHandler<in T>
{
    /// <summary>Handles one message.</summary>
    /// <param name="value">What the message contains.</param>
    /// <param name="message">The message, with its sender, its topic and its deliveries.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the time that the host has for stopping is over. The beginning of a stop does not cancel it.
    /// </param>
    ValueTask HandleAsync(T value, Message message, CancellationToken cancellationToken);
}
