using System.Net;
using System.Security.Cryptography;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Udp;

/// <summary>The connecting end of a reliable session: repeats its hello until answered, and then the cookie until accepted.</summary>
internal sealed class ReliableConnector : IReactorClient
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly Descriptor _socket;
    private readonly Address _address;
    private readonly IPEndPoint _place;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReliableControl _saying;
    private ReliableTerms? _terms;

    private ReliableConnector(Descriptor socket, Address address, IPEndPoint place)
    {
        _socket = socket;
        _address = address;
        _place = place;
        UdpRemote.TryRead(place.Serialize().Buffer.Span, out UdpRemote remote);
        int segmentBytes = ReliableTerms.SegmentBytesTo(remote);
        _saying = new ReliableControl
        {
            Kind = ReliableKind.Hello,
            Number = (ushort)segmentBytes,
            Window = (ushort)ReliableTerms.WindowOf(socket, segmentBytes),
            Token = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        };
    }

    /// <summary>Connects a session. The session then owns the socket; on an error, the caller still does.</summary>
    /// <exception cref="FairleadException">
    /// NotFound: no endpoint listens there. Incompatible: the endpoint there is not reliable. Timeout: the endpoint does not answer.
    /// </exception>
    public static async ValueTask<ReliableSession> ConnectAsync(
        Descriptor socket,
        Address address,
        IPEndPoint place,
        EndpointSettings settings,
        Deadline deadline,
        CancellationToken cancellationToken)
    {
        ReliableConnector connector = new(socket, address, place);
        ReliableTerms terms = await connector.AgreeAsync(settings, deadline, cancellationToken).ConfigureAwait(false);
        ReliableSession session = new(socket, terms, settings.Time, UdpTransport.PeerOf(socket, place.ToString()));
        session.Start();
        return session;
    }

    void IReactorClient.OnReady(PollEvents events) => Volatile.Read(ref _arrived).TrySetResult();

    private async ValueTask<ReliableTerms> AgreeAsync(
        EndpointSettings settings, Deadline deadline, CancellationToken cancellationToken)
    {
        using Registration registration = Reactor.Shared.Register(_socket, this);
        Deadline isStale = Deadline.Infinite;
        for (TimeSpan pause = FirstPause; !deadline.Passed; pause = 2 * pause < LongestPause ? 2 * pause : LongestPause)
        {
            if (isStale.Passed)
            {
                // A cookie expires soon, so ask for a new one.
                _saying = _saying with { Kind = ReliableKind.Hello, Time = 0, Cookie = 0 };
                isStale = Deadline.Infinite;
            }

            ReliableControl said = _saying;
            ReliableRefusals.Send(_socket, said, default);
            Deadline again = Deadline.After(pause < deadline.Remaining ? pause : deadline.Remaining, settings.Time);
            while (said == _saying && !again.Passed)
            {
                _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                registration.Arm(PollEvents.Read);
                try
                {
                    await _arrived.Task.WaitAsync(again.Remaining, settings.Time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Send it again.
                }

                Receive();
                if (_terms is { } terms)
                {
                    return terms;
                }
            }

            if (said != _saying)
            {
                pause = FirstPause / 2;
                isStale = Deadline.After(ReliableCookies.Life / 2, settings.Time);
            }
        }

        throw new FairleadException(
            ErrorCode.Timeout,
            $"{_place} does not answer",
            "Check the host and the network between, and that the bound endpoint also uses reliable=true.")
        {
            Address = _address,
        };
    }

    private void Receive()
    {
        DatagramRoom room = DatagramRoom.Rent();
        try
        {
            Receive(room.Batch);
        }
        finally
        {
            room.Return();
        }
    }

    private void Receive(DatagramBatch batch)
    {
        int count = batch.Receive(_socket, out Errno error);
        if (error == Errno.ECONNREFUSED)
        {
            throw NobodyListens();
        }

        for (int i = 0; i < count; i++)
        {
            if (!ReliableControl.TryRead(batch[i], out ReliableControl control) || control.Token != _saying.Token)
            {
                continue;
            }

            switch (control.Kind)
            {
                case ReliableKind.Hello:
                    // The kernel assigned this socket the very port to connect to, so it receives its own datagrams.
                    throw NobodyListens();
                case ReliableKind.Refuse:
                    throw ReliableRefusals.ToException(control).At(_address);
                case ReliableKind.Cookie when _saying.Kind == ReliableKind.Hello:
                    _saying = _saying with { Kind = ReliableKind.Open, Time = control.Time, Cookie = control.Cookie };
                    return;
                case ReliableKind.Accept
                    when _saying.Kind == ReliableKind.Open
                        && control.Window > 0
                        && !ReliableControl.IsReserved(control.Cookie)
                        && control.Number >= SegmentBuffers.Ordinary
                        && control.Number <= _saying.Number:
                    _terms = new ReliableTerms(
                        control.Cookie, _saying.Cookie, control.Token, control.Number, _saying.Window, control.Window);
                    return;
            }
        }
    }

    private FairleadException NobodyListens() =>
        new(ErrorCode.NotFound, $"no endpoint listens there ({_place})", "Start a server, or list live endpoints with fairlead list.")
        {
            Address = _address,
            Errno = (int)Errno.ECONNREFUSED,
        };
}
