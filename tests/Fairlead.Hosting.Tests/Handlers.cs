using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace Fairlead.Hosting.Tests;

internal sealed record Order(string Thing, int Count);

internal sealed record Quote(decimal Price);

[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Quote))]
internal sealed partial class ShopJson : JsonSerializerContext;

/// <summary>Notes each text, fails for "fail", and waits for the gate at "wait".</summary>
internal sealed class TextHandler(Seen seen) : IMessageHandler
{
    public async ValueTask HandleAsync(Message message, CancellationToken cancellationToken)
    {
        string text = message.Text;
        seen.Add(text);
        if (text == "fail")
        {
            throw new InvalidOperationException("a secret");
        }

        if (text == "wait")
        {
            try
            {
                await seen.Gate.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                seen.Add("cancelled");
                throw;
            }

            seen.Add("done");
        }
    }
}

internal sealed class OrderHandler(Seen seen, Seen.Scope scope) : IMessageHandler<Order>
{
    public ValueTask HandleAsync(Order value, Message message, CancellationToken cancellationToken)
    {
        seen.Add($"{scope.Number}: {value.Count} {value.Thing}");
        return ValueTask.CompletedTask;
    }
}

internal sealed class TopicHandler(Seen seen) : IMessageHandler
{
    public ValueTask HandleAsync(Message message, CancellationToken cancellationToken)
    {
        seen.Add($"{message.Topic}={message.Text}");
        return ValueTask.CompletedTask;
    }
}

internal sealed class QuoteHandler : IRequestHandler<Order, Quote>
{
    public ValueTask<Quote> HandleAsync(Order request, RequestContext context) => request.Count switch
    {
        0 => throw new FairleadException(ErrorCode.TooLarge, "nothing is too little"),
        < 0 => throw new InvalidOperationException("a secret"),
        _ => ValueTask.FromResult(new Quote(request.Count * 0.5m)),
    };
}

internal sealed class EchoHandler : IRequestHandler
{
    public ValueTask<ReadOnlyMemory<byte>> HandleAsync(Request request, RequestContext context) =>
        ValueTask.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(request.Text));
}

/// <summary>Notes each text, waits for the gate, and sends the text on.</summary>
internal sealed class ForwardingHandler(Seen seen, [FromKeyedServices("out")] HostedEndpoint<Sender> next) : IMessageHandler
{
    public async ValueTask HandleAsync(Message message, CancellationToken cancellationToken)
    {
        seen.Add(message.Text);
        await seen.Gate.Task.WaitAsync(cancellationToken);
        Sender sender = await next.GetAsync(cancellationToken);
        await sender.SendAsync(message.Memory, cancellationToken);
    }
}

/// <summary>Needs a service that no test has.</summary>
internal sealed class NeedyHandler(NeedyHandler.Missing missing) : IMessageHandler
{
    public ValueTask HandleAsync(Message message, CancellationToken cancellationToken)
    {
        message.Reject($"{missing} is here after all");
        return ValueTask.CompletedTask;
    }

    internal sealed class Missing;
}
