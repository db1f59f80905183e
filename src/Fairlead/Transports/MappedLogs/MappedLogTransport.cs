using Fairlead.Logs;

namespace Fairlead.Transports.MappedLogs;

/// <summary><c>log://name</c>, <c>log:///path</c>: a sender appends to a log, and a receiver follows it.</summary>
/// <remarks>
/// A log has no peer: a sender does not wait for receivers, and a receiver may come years later. Both may therefore bind or connect, with
/// the same effect. Only messages of type 1 are supported.
/// </remarks>
internal sealed class MappedLogTransport : ITransport
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.Durable;

    public string Scheme => "log";

    public IReadOnlyList<string> Options { get; } = [.. MappedLog.Options, "from", "position"];

    public string Remedy =>
        "A log carries only messages of type 1, from a Sender to a Receiver. Choose another address for other patterns.";

    public TransportCapabilities CapabilitiesOf(Address address) => Capabilities;

    public IListener Bind(Address address, EndpointSettings settings) =>
        new SingleListener(address, Open(address, settings, CancellationToken.None)) { YieldsOne = true };

    public ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Reads files, and waits while another process has exclusive access to the log, so not on the caller's thread.
        return new ValueTask<Connection>(Task.Run(() => Open(address, settings, cancellationToken), cancellationToken));
    }

    private static Connection Open(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        if (settings.IsForeign)
        {
            throw new FairleadException(ErrorCode.NotSupported, "records of a log have no framing", "Remove ?framing=.")
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
                address.ToString(), "options 'from' and 'position' are for receivers; a sender always appends at the end");
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

    /// <summary>Returns the address with the log's own options only; the others are the endpoint's.</summary>
    private static Address OfLog(Address address) =>
        address
            .Options.Where(static option => !MappedLog.Options.Contains(option.Key))
            .Aggregate(address, static (rest, option) => rest.Without(option.Key));

    private static LogStart From(Address address) => address.Option("from") is not { } text ? LogStart.Oldest
        : LogStart.TryParse(text, out LogStart start) ? start
        : throw new AddressFormatException(
            address.ToString(),
            $"option 'from' cannot be '{AddressText.Display(text)}': write start, end, a number from 1, "
                + "a date such as 2026-11-20, or a time such as 2026-11-20T12:00:00Z");
}
