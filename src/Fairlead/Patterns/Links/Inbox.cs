using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Receiving;

namespace Fairlead.Patterns.Links;

/// <summary>The receiving half of every pattern that receives.</summary>
internal readonly struct Inbox(EndpointCore core)
{
    public bool TryReceive(out Message message)
    {
        MessageCore? received = core.Receivers.TryTakeNow();
        if (received is null)
        {
            core.Pump.TryTurn();
            received = core.Receivers.TryTakeNow();
        }

        if (received is not null)
        {
            message = new Message(received);
            return true;
        }

        ThrowIfEnded();
        message = default;
        return false;
    }

    public bool TryReceive(TimeSpan timeout, out Message message, CancellationToken cancellationToken)
    {
        if (core.Receivers.Receive(Deadline.After(timeout, core.Settings.Time), cancellationToken) is { } received)
        {
            message = new Message(received);
            return true;
        }

        ThrowIfEnded();
        message = default;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Message Receive(TimeSpan? timeout, CancellationToken cancellationToken) =>
        core.Receivers.Receive(Deadline.After(timeout, core.Settings.Time), cancellationToken) is { } received
            ? new Message(received)
            : throw Nothing(timeout);

    public ValueTask<Message> ReceiveAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Deadline.Check(timeout);
        try
        {
            return core.Receivers.TryTakeNow() is { } ready
                ? new ValueTask<Message>(new Message(ready))
                : WaitAsync(timeout, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<Message>(exception);
        }
    }

    public IAsyncEnumerable<Message> ReceiveAllAsync(CancellationToken cancellationToken) => new MessageSequence(core, cancellationToken);

    /// <param name="handler">Gets each message.</param>
    /// <param name="onFailed">Reports what a handler threw; returns what the message's sender is told.</param>
    /// <param name="concurrency">How many handlers run at the same time.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task RunAsync(
        Func<Message, CancellationToken, ValueTask> handler,
        Func<HandlerKind, Exception, Peer?, string> onFailed,
        int concurrency,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        Inbox self = this;
        using CancellationTokenSource failure = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops = new Task[concurrency];
        for (int i = 0; i < concurrency; i++)
        {
            loops[i] = self.LoopAsync(handler, onFailed, failure, cancellationToken);
        }

        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    /// <summary>Runs one of several loops. A handler that fails ends the others, too.</summary>
    private async Task LoopAsync(
        Func<Message, CancellationToken, ValueTask> handler,
        Func<HandlerKind, Exception, Peer?, string> onFailed,
        CancellationTokenSource failure,
        CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Message message in ReceiveAllAsync(failure.Token).ConfigureAwait(false))
            {
                // The handler may dispose the message.
                Peer peer = message.Peer;
                try
                {
                    await handler(message, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (
                    exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    message.RejectUnlessDisposed(onFailed(HandlerKind.Message, exception, peer));
                    throw;
                }
            }
        }
        catch (OperationCanceledException) when (failure.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Another loop has failed and reports why.
        }
        catch
        {
            await failure.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Message> WaitAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        EndpointCore endpoint = core;
        MessageCore? received = await endpoint.Receivers.ReceiveAsync(timeout, cancellationToken, hasLooked: true).ConfigureAwait(false);
        return received is not null ? new Message(received) : throw new Inbox(endpoint).Nothing(timeout);
    }

    private void ThrowIfEnded()
    {
        if (core.Presence.HasEnded)
        {
            throw core.Presence.EndException();
        }
    }

    private FairleadException Nothing(TimeSpan? timeout)
    {
        ThrowIfEnded();
        return new FairleadException(ErrorCode.Timeout, $"no message arrived within {SecondsText.Of(timeout)}")
        {
            Address = core.Address,
        };
    }

    /// <summary>The messages of an endpoint as a sequence; each enumeration begins anew.</summary>
    /// <param name="core">The endpoint.</param>
    /// <param name="all">Ends each enumeration.</param>
    private sealed class MessageSequence(EndpointCore core, CancellationToken all) : IAsyncEnumerable<Message>
    {
        public IAsyncEnumerator<Message> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            if (!cancellationToken.CanBeCanceled || cancellationToken == all)
            {
                return new MessageEnumerator(core, null, all);
            }

            if (!all.CanBeCanceled)
            {
                return new MessageEnumerator(core, null, cancellationToken);
            }

            CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(all, cancellationToken);
            return new MessageEnumerator(core, either, either.Token);
        }
    }

    /// <summary>One loop over the messages of an endpoint. It waits only when no message is queued.</summary>
    /// <remarks>Owns the message that the body of the loop processes. Used by one thread at a time, like any loop.</remarks>
    /// <param name="core">The endpoint.</param>
    /// <param name="source">The source of the token, if it belongs to this loop.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    private sealed class MessageEnumerator(EndpointCore core, CancellationTokenSource? source, CancellationToken cancellationToken)
        : IAsyncEnumerator<Message>
    {
        private bool _hasEnded;

        public Message Current { get; private set; }

        public ValueTask<bool> MoveNextAsync()
        {
            try
            {
                // Not reached if the loop ends by break or an exception.
                Current.AcceptUnlessDisposed();
            }
            catch (Exception exception)
            {
                _hasEnded = true;
                return ValueTask.FromException<bool>(exception);
            }
            finally
            {
                Current.Dispose();
                Current = default;
            }

            if (_hasEnded)
            {
                return new ValueTask<bool>(false);
            }

            if (cancellationToken.IsCancellationRequested)
            {
                _hasEnded = true;
                return ValueTask.FromCanceled<bool>(cancellationToken);
            }

            try
            {
                if (core.Receivers.TryTakeNow() is { } ready)
                {
                    Current = new Message(ready);
                    return new ValueTask<bool>(true);
                }
            }
            catch (Exception exception)
            {
                _hasEnded = true;
                return ValueTask.FromException<bool>(exception);
            }

            return WaitAsync();
        }

        public ValueTask DisposeAsync()
        {
            _hasEnded = true;
            Current.Dispose();
            Current = default;
            source?.Dispose();
            return default;
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> WaitAsync()
        {
            MessageCore? received;
            try
            {
                received = await core.Receivers.ReceiveAsync(null, cancellationToken, hasLooked: true).ConfigureAwait(false);
            }
            catch
            {
                _hasEnded = true;
                throw;
            }

            if (received is not null)
            {
                Current = new Message(received);
                return true;
            }

            _hasEnded = true;
            return core.Presence.LastEnd is { Reason: not CloseReason.ClosedByPeer } ? throw core.Presence.EndException() : false;
        }
    }
}
