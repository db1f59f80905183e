using System.Text.Json.Serialization.Metadata;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Values as messages.</content>
public sealed partial class Hub
{
    /// <summary>Type 1 to one client: sends a value as JSON.</summary>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public ValueTask SendAsync<T>(HubClient client, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, type);
        return SendAsync(client, message.Span, cancellationToken);
    }

    /// <summary>Type 1 to one client: sends a value as its serializer writes it.</summary>
    /// <inheritdoc cref="SendAsync(HubClient, ReadOnlySpan{byte}, CancellationToken)" path="/exception"/>
    public ValueTask SendAsync<T>(
        HubClient client, T value, IMessageSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return SendAsync(client, message.Span, cancellationToken);
    }

    /// <summary>Sends a value as JSON to all, or all but one.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/param[@name='except']"/>
    public ValueTask<int> BroadcastAsync<T>(
        T value, JsonTypeInfo<T> type, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, type);
        return BroadcastAsync(message.Span, except, cancellationToken);
    }

    /// <summary>Sends a value as its serializer writes it to all, or all but one.</summary>
    /// <inheritdoc cref="Broadcast(ReadOnlySpan{byte}, HubClient?, CancellationToken)" path="/returns|/param[@name='except']"/>
    public ValueTask<int> BroadcastAsync<T>(
        T value, IMessageSerializer<T> serializer, HubClient? except = null, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(value, serializer);
        return BroadcastAsync(message.Span, except, cancellationToken);
    }
}
