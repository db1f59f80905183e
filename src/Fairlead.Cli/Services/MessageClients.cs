namespace Fairlead.Cli.Services;

/// <summary>Clients on transports that carry messages: datagrams, packets, shared memory.</summary>
/// <param name="hub">The endpoint to which they connect.</param>
/// <param name="service">The service that they get.</param>
/// <param name="guard">Decides which requests are answered, where the transport has no connections and each message is a request.</param>
/// <param name="served">Called when a client was served.</param>
internal sealed class MessageClients(Hub hub, Service service, DatagramGuard? guard, Action served)
{
    /// <summary>The number of clients that may be there at the same time.</summary>
    public const int Most = 4096;

    private const int EventsAtOnce = 64;

    private int _line;

    private bool IsDatagram => guard is not null;

    /// <summary>Handles the events that have happened. Does not wait for others.</summary>
    public void Go()
    {
        for (int i = 0; i < EventsAtOnce && hub.NextEvent(TimeSpan.Zero) is { } happened; i++)
        {
            switch (happened)
            {
                case HubEvent.Joined when service.TellsTime && !IsDatagram:
                    Send(happened.Client, service.Tell());
                    break;
                case HubEvent.Said said:
                    using (said.Message)
                    {
                        if (guard?.Answers(said.Client.Peer.RemoteAddress!) != false)
                        {
                            Answer(said.Client, said.Message.Span);
                        }

                        said.Message.Accept();
                    }

                    if (IsDatagram)
                    {
                        served();
                    }

                    break;
                case HubEvent.Left when !IsDatagram:
                    served();
                    break;
            }
        }
    }

    private void Answer(HubClient client, ReadOnlySpan<byte> message)
    {
        switch (service.Kind)
        {
            case ServiceKind.Echo:
                Send(client, message);
                break;
            case ServiceKind.Chargen:
                Span<byte> line = stackalloc byte[Service.LineLength];
                _ = Service.WriteLines(line, ref _line);
                Send(client, line);
                break;
            case ServiceKind.Date or ServiceKind.Daytime or ServiceKind.Time when IsDatagram:
                Send(client, service.Tell());
                break;
        }
    }

    /// <summary>
    /// Sends without waiting, because the other clients are served by the same thread. Answers wait in the client's queue; when that is
    /// full, the server disconnects the client. A datagram is dropped, as on the network.
    /// </summary>
    private void Send(HubClient client, ReadOnlySpan<byte> message)
    {
        try
        {
            if (hub.TrySend(client, message) is SendResult.Full && !IsDatagram)
            {
                hub.Disconnect(client, "it has not read its answers");
            }
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.PeerGone)
        {
            // It has left.
        }
        catch (FairleadException exception)
        {
            hub.Disconnect(client, exception.WhatHappened);
        }
        catch (ArgumentException)
        {
            // Not the server's end: another client's framing may carry it.
            hub.Disconnect(client, "its framing cannot carry the answer");
        }
    }
}
