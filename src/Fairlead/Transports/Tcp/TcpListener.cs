using Fairlead.Native;

namespace Fairlead.Transports.Tcp;

/// <summary>A listening TCP port whose connections carry messages.</summary>
/// <param name="port">The port, owned by the listener.</param>
/// <param name="settings">The settings of the endpoint.</param>
internal sealed class TcpListener(TcpPort port, EndpointSettings settings) : IListener
{
    public Address Address => port.Address;

    public Descriptor WaitDescriptor => port.Listener;

    public Connection? TryAccept() =>
        port.TryAccept(out var remote) is { } socket ? TcpTransport.Wrap(socket, settings, HostAddresses.EndPointOf(remote)) : null;

    public void Dispose() => port.Dispose();
}
