using Fairlead.Logs;
using Fairlead.Native;

namespace Fairlead.Transports.MappedLogs;

/// <summary>
/// <c>log://name</c>, <c>log:///path</c>: a sender appends, a receiver follows. There is no peer: who appends waits for nobody, and who
/// follows may come years later. So both may bind or connect, which is the same, and only messages of type 1 pass.
/// </summary>
internal sealed class MappedLogTransport : ITransport
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.Durable;

    public string Scheme => "log";

    public IReadOnlyList<string> Options { get; } = [.. MappedLog.Options, "from", "position"];

    public string Remedy => "A log carries messages of type 1, from a Sender to a Receiver; choose another address";

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings) =>
        new SingleListener(address, Open(address, settings, CancellationToken.None)) { YieldsOne = true };

    public ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Reads files, and waits while another process has the log for itself: not on the caller's thread.
        return new ValueTask<Connection>(Task.Run(() => Open(address, settings, cancellationToken), cancellationToken));
    }

    private static Connection Open(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        if (settings.IsForeign)
        {
            throw new FairleadException(ErrorCode.NotSupported, "records of a log are not framed", "Leave ?framing= away.")
            {
                Address = address,
            };
        }

        bool appends = settings.Pattern == PatternKind.Sender;
        LogStart start = From(address);
        string? position = address.Option("position");
        if (appends && (position ?? address.Option("from")) is not null)
        {
            throw new AddressFormatException(
                address.ToString(), "options 'from' and 'position' say where a receiver begins; a sender appends at the end");
        }

        MappedLog log = MappedLog.Open(OfLog(address), new LogOptions { TimeProvider = settings.Time }, cancellationToken);
        if (appends)
        {
            return new AppendingConnection(log);
        }

        using (log)
        {
            return new FollowingConnection(log.Follow(position, start));
        }
    }

    /// <summary>The log's own options; the others are the endpoint's.</summary>
    private static Address OfLog(Address address) =>
        address
            .Options.Where(static option => !MappedLog.Options.Contains(option.Key))
            .Aggregate(address, static (rest, option) => rest.Without(option.Key));

    private static LogStart From(Address address) => address.Option("from") is not { } text ? LogStart.Oldest
        : LogStart.TryParse(text, out LogStart start) ? start
        : throw new AddressFormatException(
            address.ToString(),
            $"option 'from' cannot be '{AddressText.Display(text)}': start, end, a number from 1 on, or a time, 2026-11-20T12:00:00Z");
}
