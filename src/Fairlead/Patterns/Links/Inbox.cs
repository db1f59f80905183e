using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairlead.Patterns.Links;

/// <summary>The receiving half of a pattern: the same for all that receive.</summary>
internal readonly struct Inbox(EndpointCore core)
{
    public bool TryReceive(out Message message)
    {
        if (core.TryReceive() is { } received)
        {
            message = new Message(received);
            return true;
        }

        ThrowIfEnded();
        message = default;
        return false;
    }

    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken token)
    {
        if (core.Receive(Deadline.After(timeout, core.Settings.Time), token) is { } received)
        {
            message = new Message(received);
            return true;
        }

        ThrowIfEnded();
        message = default;
        return false;
    }

    public Message Receive(TimeSpan? timeout, CancellationToken token) =>
        core.Receive(Deadline.After(timeout, core.Settings.Time), token) is { } received ? new Message(received) : throw Nothing(timeout);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Message> ReceiveAsync(TimeSpan? timeout, CancellationToken token)
    {
        EndpointCore endpoint = core;
        MessageCore? received = await endpoint.ReceiveAsync(timeout, token).ConfigureAwait(false);
        return received is not null ? new Message(received) : throw new Inbox(endpoint).Nothing(timeout);
    }

    public async IAsyncEnumerable<Message> ReceiveAllAsync([EnumeratorCancellation] CancellationToken token)
    {
        EndpointCore endpoint = core;
        while (await endpoint.ReceiveAsync(null, token).ConfigureAwait(false) is { } received)
        {
            Message message = new(received);
            try
            {
                yield return message;

                // Reached when the loop asks for the next one, not when it is left by break or an exception.
                message.AcceptUnlessDisposed();
            }
            finally
            {
                message.Dispose();
            }
        }

        if (endpoint.LastEnd is { Reason: not CloseReason.ClosedByPeer })
        {
            throw endpoint.EndException();
        }
    }

    public async Task RunAsync(Func<Message, CancellationToken, ValueTask> handler, int concurrency, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        Inbox self = this;
        using CancellationTokenSource failure = CancellationTokenSource.CreateLinkedTokenSource(token);
        Task[] loops = new Task[concurrency];
        for (int i = 0; i < concurrency; i++)
        {
            loops[i] = self.LoopAsync(handler, failure, token);
        }

        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    /// <summary>One of several loops: a handler that fails ends the others too.</summary>
    private async Task LoopAsync(
        Func<Message, CancellationToken, ValueTask> handler, CancellationTokenSource failure, CancellationToken token)
    {
        try
        {
            await foreach (Message message in ReceiveAllAsync(failure.Token).ConfigureAwait(false))
            {
                try
                {
                    await handler(message, token).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    message.RejectUnlessDisposed(exception.Message);
                    throw;
                }
            }
        }
        catch (OperationCanceledException) when (failure.IsCancellationRequested && !token.IsCancellationRequested)
        {
            // Another loop failed, and tells why.
        }
        catch
        {
            await failure.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void ThrowIfEnded()
    {
        if (core.EndsWithPeer && core.LastEnd is not null)
        {
            throw core.EndException();
        }
    }

    private FairleadException Nothing(TimeSpan? timeout)
    {
        ThrowIfEnded();
        return new FairleadException(ErrorCode.Timeout, $"no message came within {timeout?.TotalSeconds ?? 0:0.###} s")
        {
            Address = core.Address,
        };
    }
}
