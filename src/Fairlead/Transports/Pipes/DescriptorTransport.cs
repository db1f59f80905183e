using Fairlead.Native;

namespace Fairlead.Transports.Pipes;

/// <summary>
/// <c>fd://3</c>: what this process was given open by whoever started it, or its own end of a channel to a child: a connected socket, both
/// ways, one that listens, or a pipe, one way; <c>fd://3,4</c>: two pipes; <c>fd://orders</c>: what a service manager has named so.
/// </summary>
internal sealed class DescriptorTransport : ITransport
{
    public string Scheme => "fd";

    public IReadOnlyList<string> Options => [];

    public string Remedy => "A channel of both ways is ChannelKind.Duplex or Pipes";

    /// <summary>Children take their time to start; that they die is told by the kernel.</summary>
    public TimeSpan LeastHandshakeTime => TimeSpan.FromSeconds(30);

    public TransportCapabilities CapabilitiesOf(Address address) => OpenDescriptor.CapabilitiesOf(OpenDescriptor.NumbersOf(address));

    public IListener Bind(Address address, EndpointSettings settings) =>
        (IListener?)OpenDescriptor.TryListen(address, settings)
        ?? new SingleListener(address, OpenDescriptor.Open(address, settings)) { YieldsOne = true };

    public ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<Connection>(OpenDescriptor.Open(address, settings));
    }
}
