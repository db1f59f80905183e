namespace Fairlead.Cli.Services;

/// <summary>Clients of a Unix datagram socket: each datagram is a request, and its sender is answered if it has bound a name.</summary>
internal sealed class DatagramClients(DatagramSocket socket, Service service, Action served)
{
    private const int AtOnce = 64;

    private readonly byte[] _line = new byte[Service.LineLength];
    private int _number;

    /// <summary>Answers the datagrams that have arrived. No answer waits: one for a sender that does not read is dropped.</summary>
    public void Go()
    {
        for (int i = 0; (i < AtOnce || socket.HasMore) && socket.TryReceive(out ReadOnlySpan<byte> datagram); i++)
        {
            switch (service.Kind)
            {
                case ServiceKind.Echo:
                    socket.TryAnswer(datagram);
                    break;
                case ServiceKind.Chargen:
                    _ = Service.WriteLines(_line, ref _number);
                    socket.TryAnswer(_line);
                    break;
                case ServiceKind.Date or ServiceKind.Daytime or ServiceKind.Time:
                    socket.TryAnswer(service.Tell());
                    break;
            }

            served();
        }
    }
}
