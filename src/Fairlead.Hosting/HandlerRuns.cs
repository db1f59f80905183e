using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairlead.Hosting;

/// <summary>Calls a handler for each message or request, in a scope of its own.</summary>
/// <param name="name">The name of the endpoint.</param>
/// <param name="handler">The name of the handlers' type.</param>
/// <param name="scopes">Makes the scopes.</param>
/// <param name="logger">The log of the host.</param>
internal sealed class HandlerRuns(string name, string handler, IServiceScopeFactory scopes, ILogger logger)
{
    /// <summary>Handles one message. An exception of the handler rejects the message, and the endpoint goes on.</summary>
    public async ValueTask OnMessageAsync<THandler>(
        Message message, Func<THandler, Message, CancellationToken, ValueTask> handle, CancellationToken cancellationToken)
        where THandler : notnull
    {
        try
        {
            AsyncServiceScope scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await handle(scope.ServiceProvider.GetRequiredService<THandler>(), message, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            HostLog.HandlerFailed(logger, exception, handler, name, message.Peer);
            message.Reject($"the handler threw {exception.GetType().Name}");
        }
    }

    /// <summary>Answers one request. The responder itself turns an exception into the error of the requester, and goes on.</summary>
    public async ValueTask<TReply> OnRequestAsync<THandler, TReply>(
        Peer requester, Func<THandler, ValueTask<TReply>> handle)
        where THandler : notnull
    {
        try
        {
            AsyncServiceScope scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                return await handle(scope.ServiceProvider.GetRequiredService<THandler>()).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not FairleadException)
        {
            HostLog.HandlerFailed(logger, exception, handler, name, requester);
            throw;
        }
    }
}
