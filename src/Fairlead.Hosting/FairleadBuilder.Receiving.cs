using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Fairlead.Hosting;

/// <content>Endpoints whose messages and requests go to handlers.</content>
public sealed partial class FairleadBuilder
{
    private const DynamicallyAccessedMemberTypes Constructors = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>Adds a receiver whose messages go to a handler.</summary>
    /// <typeparam name="THandler">The handler. It is added as a scoped service, unless the host has it.</typeparam>
    /// <inheritdoc cref="AddSender" path="/param|/exception"/>
    public FairleadBuilder AddReceiver<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler =>
        AddMessages<THandler>(name, EndpointKinds.Receiver, configure, Raw);

    /// <summary>Adds a receiver whose messages are JSON, and go to a handler as values.</summary>
    /// <typeparam name="TMessage">The type of the values.</typeparam>
    /// <typeparam name="THandler">The handler. It is added as a scoped service, unless the host has it.</typeparam>
    /// <param name="name">The name of the endpoint.</param>
    /// <param name="type">How the values are read: metadata of a source-generated JSON context. Another message is rejected.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <inheritdoc cref="AddSender" path="/exception"/>
    public FairleadBuilder AddReceiver<TMessage, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, JsonTypeInfo<TMessage> type, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage> =>
        AddMessages<THandler>(name, EndpointKinds.Receiver, configure, Json<TMessage, THandler>(type));

    /// <summary>Adds a receiver whose messages are read by your serializer, and go to a handler as values.</summary>
    /// <param name="name">The name of the endpoint.</param>
    /// <param name="serializer">Reads the values.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <inheritdoc cref="AddReceiver{TMessage, THandler}(string, JsonTypeInfo{TMessage}, Action{HostedEndpointOptions})"
    ///     path="/typeparam|/exception"/>
    public FairleadBuilder AddReceiver<TMessage, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, IMessageSerializer<TMessage?> serializer, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage> =>
        AddMessages<THandler>(name, EndpointKinds.Receiver, configure, Serialized<TMessage, THandler>(serializer));

    /// <summary>Adds a worker: a receiver that connects to a work queue, and gets one of its items for each free handler.</summary>
    /// <inheritdoc cref="AddReceiver{THandler}(string, Action{HostedEndpointOptions})" path="/typeparam|/param|/exception"/>
    public FairleadBuilder AddWorker<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler =>
        AddMessages<THandler>(name, EndpointKinds.Worker, configure, Raw);

    /// <summary>Adds a worker whose items are JSON, and go to a handler as values.</summary>
    /// <inheritdoc cref="AddReceiver{TMessage, THandler}(string, JsonTypeInfo{TMessage}, Action{HostedEndpointOptions})"
    ///     path="/typeparam|/param|/exception"/>
    public FairleadBuilder AddWorker<TMessage, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, JsonTypeInfo<TMessage> type, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage> =>
        AddMessages<THandler>(name, EndpointKinds.Worker, configure, Json<TMessage, THandler>(type));

    /// <summary>Adds a subscriber whose messages go to a handler. Its topics are a setting.</summary>
    /// <inheritdoc cref="AddReceiver{THandler}(string, Action{HostedEndpointOptions})" path="/typeparam|/param|/exception"/>
    public FairleadBuilder AddSubscriber<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler =>
        AddTopics<THandler>(name, configure, Raw);

    /// <summary>Adds a subscriber whose messages are JSON, and go to a handler as values. Its topics are a setting.</summary>
    /// <inheritdoc cref="AddReceiver{TMessage, THandler}(string, JsonTypeInfo{TMessage}, Action{HostedEndpointOptions})"
    ///     path="/typeparam|/param|/exception"/>
    public FairleadBuilder AddSubscriber<TMessage, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, JsonTypeInfo<TMessage> type, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage> =>
        AddTopics<THandler>(name, configure, Json<TMessage, THandler>(type));

    /// <summary>Adds a responder whose requests go to a handler.</summary>
    /// <inheritdoc cref="AddReceiver{THandler}(string, Action{HostedEndpointOptions})" path="/typeparam|/param|/exception"/>
    public FairleadBuilder AddResponder<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IRequestHandler =>
        AddReceiving<Responder, THandler>(
            name,
            EndpointKinds.Responder,
            configure,
            static (responder, runs, options, stop, _) => responder.RunAsync(
                (Request request, RequestContext context) => runs.OnRequestAsync<THandler, ReadOnlyMemory<byte>>(
                    context.Peer, handler => handler.HandleAsync(request, context)),
                options.Concurrency ?? DefaultRequests,
                stop));

    /// <summary>Adds a responder whose requests and replies are JSON, and go to a handler as values.</summary>
    /// <typeparam name="TRequest">The type of the requests.</typeparam>
    /// <typeparam name="TReply">The type of the replies.</typeparam>
    /// <typeparam name="THandler">The handler. It is added as a scoped service, unless the host has it.</typeparam>
    /// <param name="name">The name of the endpoint.</param>
    /// <param name="requestType">How requests are read. The requester of another one gets <c>Corrupt</c>.</param>
    /// <param name="replyType">How replies are written.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <inheritdoc cref="AddSender" path="/exception"/>
    public FairleadBuilder AddResponder<TRequest, TReply, [DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType, Action<HostedEndpointOptions>? configure = null)
        where THandler : class, IRequestHandler<TRequest, TReply> =>
        AddReceiving<Responder, THandler>(
            name,
            EndpointKinds.Responder,
            configure,
            (responder, runs, options, stop, _) => responder.RunAsync(
                requestType!,
                replyType!,
                (request, context) => runs.OnRequestAsync<THandler, TReply>(
                    context.Peer, handler => handler.HandleAsync(request!, context)),
                options.Concurrency ?? DefaultRequests,
                stop));

    private const int DefaultRequests = 64;

    private FairleadBuilder AddMessages<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name,
        EndpointKind<Receiver> kind,
        Action<HostedEndpointOptions>? configure,
        Func<THandler, Message, CancellationToken, ValueTask> handle)
        where THandler : class =>
        AddReceiving<Receiver, THandler>(
            name,
            kind,
            configure,
            (receiver, runs, options, stop, abort) =>
                receiver.RunAsync((message, _) => runs.OnMessageAsync(message, handle, abort), options.Concurrency ?? 1, stop));

    private FairleadBuilder AddTopics<[DynamicallyAccessedMembers(Constructors)] THandler>(
        string name, Action<HostedEndpointOptions>? configure, Func<THandler, Message, CancellationToken, ValueTask> handle)
        where THandler : class =>
        AddReceiving<Subscriber, THandler>(
            name,
            EndpointKinds.Subscriber,
            configure,
            (subscriber, runs, options, stop, abort) =>
                subscriber.RunAsync((message, _) => runs.OnMessageAsync(message, handle, abort), options.Concurrency ?? 1, stop));

    private static ValueTask Raw<THandler>(THandler handler, Message message, CancellationToken cancellationToken)
        where THandler : class, IMessageHandler => handler.HandleAsync(message, cancellationToken);

    private static Func<THandler, Message, CancellationToken, ValueTask> Json<TMessage, THandler>(JsonTypeInfo<TMessage> type)
        where THandler : class, IMessageHandler<TMessage>
    {
        ArgumentNullException.ThrowIfNull(type);
        return (handler, message, cancellationToken) => handler.HandleAsync(message.Read(type!)!, message, cancellationToken);
    }

    private static Func<THandler, Message, CancellationToken, ValueTask> Serialized<TMessage, THandler>(
        IMessageSerializer<TMessage?> serializer)
        where THandler : class, IMessageHandler<TMessage>
    {
        ArgumentNullException.ThrowIfNull(serializer);
        return (handler, message, cancellationToken) => handler.HandleAsync(message.Read(serializer)!, message, cancellationToken);
    }
}
