namespace Fairlead.Transports.Pipes;

/// <summary><c>fd://3</c>, <c>fd://3,4</c>, <c>fd://orders</c>: open descriptors of this process.</summary>
/// <remarks>
/// A descriptor was inherited, or is this process's own end of a channel to a child. It is a connected socket for both directions, a
/// listening socket, or a pipe for one direction. Two numbers are two pipes. A name is that of a descriptor from a service manager.
/// </remarks>
internal sealed class DescriptorTransport : ITransport
{
    public string Scheme => "fd";

    public IReadOnlyList<string> Options => [];

    public string Remedy => "Use ChannelKind.Duplex or Pipes for a channel in both directions.";

    /// <summary>Long, because children take time to start. The kernel reports their death.</summary>
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
