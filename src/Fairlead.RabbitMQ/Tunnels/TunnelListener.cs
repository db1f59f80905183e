using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;
using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tunnels;

/// <summary>A bound <see cref="Hub"/> or <see cref="Pair"/> at the broker: its queue, at which clients open connections.</summary>
/// <remarks>
/// Owns, under its lock, the connections that wait to be accepted. One task opens the session again when it is lost. The connections of a
/// lost session have ended; clients that reconnect open new ones.
/// </remarks>
internal sealed class TunnelListener : IListener
{
    private const int MostWaiting = 4096;

    private readonly BrokerAddress _broker;
    private readonly EndpointSettings _settings;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly Queue<StreamConnection> _waiting = new();
    private readonly EventDescriptor _news = new();
    private readonly ReopenPause _pause;
    private TunnelSession? _session;
    private bool _isDisposed;

    private TunnelListener(BrokerAddress broker, EndpointSettings settings) =>
        (_broker, _settings, _pause) = (broker, settings, new ReopenPause(settings.Time));

    public Address Address => _broker.Address;

    public Descriptor WaitDescriptor => _news.Descriptor;

    /// <summary>Binds: takes the queue of the address.</summary>
    /// <exception cref="FairleadException">AlreadyExists: another end is bound there. As for any session with a broker.</exception>
    public static async Task<IListener> OpenAsync(BrokerAddress broker, EndpointSettings settings)
    {
        TunnelListener listener = new(broker, settings);
        try
        {
            await listener.OpenSessionAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _ = listener.KeepOpenAsync();
        return listener;
    }

    public Connection? TryAccept()
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out StreamConnection? connection) && !_isDisposed)
            {
                _news.Drain();
            }

            return connection;
        }
    }

    public void Dispose()
    {
        StreamConnection[] waiting;
        TunnelSession? session;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            waiting = [.. _waiting];
            _waiting.Clear();
            session = _session;
        }

        _ = _closing.CancelAsync();
        foreach (StreamConnection connection in waiting)
        {
            Finishing.Do("a connection through a broker", connection.Dispose);
        }

        // Accepted connections go on to use it.
        session?.Release();
        _news.Dispose();
    }

    private async Task OpenSessionAsync(CancellationToken cancellationToken)
    {
        TunnelSession? session = await TunnelSession.OpenAsync(
            _broker, _settings, Tunnel.QueueOf(_broker), OnOpened, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_isDisposed)
            {
                (_session, session) = (session, _session);
            }
        }

        // The former one, or the new one of a listener that was disposed meanwhile.
        session?.Release();
    }

    private async Task KeepOpenAsync()
    {
        try
        {
            while (!_closing.IsCancellationRequested)
            {
                TunnelSession session = _session!;
                await session.WaitForEndAsync(_closing.Token).ConfigureAwait(false);
                _settings.Hindrance.Lose(session.End?.WhatHappened ?? "the connection to the broker ended", 0);
                _pause.Lose();
                int attempts = 1;
                while (!await TryReopenAsync().ConfigureAwait(false))
                {
                    // Each attempt waits first, longer and longer.
                    attempts++;
                }

                _settings.Hindrance.Lose(null, attempts);
            }
        }
        catch (OperationCanceledException)
        {
            // The listener is disposed.
        }
    }

    private async Task<bool> TryReopenAsync()
    {
        // Also before the first attempt: a broker that ends each session at once is not asked without pause.
        await _pause.WaitAsync(_closing.Token).ConfigureAwait(false);
        try
        {
            await OpenSessionAsync(_closing.Token).ConfigureAwait(false);
            _pause.Open();
            return true;
        }
        catch (FairleadException problem)
        {
            // The queue of the lost session may still be there; a denied permission may be granted again.
            FairleadEventSource.Log.CannotAccept(Address.Display, problem.WhatHappened);
            return false;
        }
    }

    /// <summary>Makes a connection for a peer. Called by the session, which hands it the messages of the peer from then on.</summary>
    private void OnOpened(TunnelSession session, string peer)
    {
        lock (_gate)
        {
            if (!_isDisposed && _waiting.Count < MostWaiting && !DescriptorReserve.IsTouchedBy(_news.Descriptor))
            {
                try
                {
                    if (Tunnel.TryConnect(session, peer, _settings) is { } connection)
                    {
                        _waiting.Enqueue(connection);
                        _news.Signal();
                    }

                    return;
                }
                catch (Exception problem)
                {
                    FairleadEventSource.Log.Contained("a connection through a broker", problem.ToString());
                }
            }
        }

        session.Refuse(peer);
    }
}
