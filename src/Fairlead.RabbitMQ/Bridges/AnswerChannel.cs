using Fairlead.Transports;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Publishes the receipts and replies of an end that consumes, over the publishing connection of the process.</summary>
/// <remarks>
/// A broker that runs out of memory or disk reads nothing more from connections that publish. If acknowledgements took the same connection,
/// the queue could not drain, and the shortage would not end. Owns the second session, which opens with the first answer, at the same
/// broker, and whose end is the end of the first. Any thread.
/// </remarks>
internal sealed class AnswerChannel(BrokerSession consuming, BrokerAddress broker, EndpointSettings settings) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<BrokerSession>? _opening;
    private CancellationTokenRegistration _watch;

    /// <summary>Publishes to a reply queue. A failure ends the consuming session, which another one follows. Never throws.</summary>
    /// <remarks>
    /// Only to a queue that the broker named. Another name may be a queue that the asking end may not write to, and this end would write
    /// there on its behalf.
    /// </remarks>
    public async Task PublishAsync(string replyTo, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        if (!BrokerQueues.AreNamedByBroker(replyTo))
        {
            FairleadEventSource.Log.Contained(
                "an answer at a broker", $"the broker did not name the queue '{PlainText.OneLine(replyTo)}', so it gets no answer");
            return;
        }

        try
        {
            BrokerSession session = await SessionAsync().ConfigureAwait(false);
            await session.Channel.BasicPublishAsync("", replyTo, mandatory: false, properties, body, consuming.Ended).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            consuming.Fail(BrokerErrors.Of(problem, broker));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<BrokerSession>? opening;
        lock (_gate)
        {
            opening = _opening ??= Task.FromCanceled<BrokerSession>(new CancellationToken(canceled: true));
        }

        try
        {
            BrokerSession session = await opening.ConfigureAwait(false);
            await _watch.DisposeAsync().ConfigureAwait(false);
            await session.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is OperationCanceledException or FairleadException)
        {
            // It was never opened. The consuming session has the reason.
        }
    }

    private Task<BrokerSession> SessionAsync()
    {
        if (Volatile.Read(ref _opening) is { IsCompletedSuccessfully: true } open)
        {
            return open;
        }

        lock (_gate)
        {
            return _opening ??= OpenAsync();
        }
    }

    private async Task<BrokerSession> OpenAsync()
    {
        BrokerSession session = await BrokerSession.OpenAsync(
            broker, settings, ConnectionUse.Publishing, confirms: false, consuming.Ended).ConfigureAwait(false);
        session.WatchBlocked(consuming.TellBlocked);
        _watch = session.Ended.UnsafeRegister(_ => consuming.Fail(session.End!), null);
        return session;
    }
}
