using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Tells whether requesters are still there, by their reply queues.</summary>
/// <remarks>Owns a channel for that alone: the broker closes a channel that asks for a queue that is not there. One caller at a
/// time.</remarks>
internal sealed class ReplyProbe(BrokerSession session) : IAsyncDisposable
{
    /// <summary>Direct reply queues: they end with the channel of their requester. Of other queues nothing follows.</summary>
    private const string DirectReply = BrokerQueues.DirectReply + ".";

    private IChannel? _channel;

    /// <summary>Returns whether the requester may still wait for its reply.</summary>
    public async ValueTask<bool> IsThereAsync(string replyTo, CancellationToken cancellationToken)
    {
        if (!replyTo.StartsWith(DirectReply, StringComparison.Ordinal))
        {
            return true;
        }

        IChannel channel = await ChannelAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _ = await channel.QueueDeclarePassiveAsync(replyTo, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationInterruptedException refused) when (refused.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is { } channel)
        {
            _channel = null;
            await Finishing.DoAsync("a broker's channel", channel.DisposeAsync).ConfigureAwait(false);
        }
    }

    private async ValueTask<IChannel> ChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        await DisposeAsync().ConfigureAwait(false);
        return _channel = await session.OpenChannelAsync(cancellationToken).ConfigureAwait(false);
    }
}
