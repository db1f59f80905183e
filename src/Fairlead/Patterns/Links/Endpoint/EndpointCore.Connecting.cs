using Fairlead.Native;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Endpoint;

/// <content>Connecting to the first of several addresses that has a listener.</content>
internal sealed partial class EndpointCore
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Connects and completes the handshake.</summary>
    public static async ValueTask<EndpointCore> ConnectAsync(
        Address address, EndpointOptions? options, PatternProfile profile, ILinkOwner owner, CancellationToken cancellationToken)
    {
        Platform.Require();
        Address[] addresses = [address, .. options?.Alternatives ?? []];
        EndpointSettings settings = SettingsFor(addresses, options, profile);
        if (options?.AddressSelection == AddressSelection.Balanced)
        {
            int first = Random.Shared.Next(addresses.Length);
            addresses = [.. addresses[first..], .. addresses[..first]];
        }

        cancellationToken.ThrowIfCancellationRequested();
        bool seeks = settings.Reconnect != TimeSpan.Zero;
        bool waits = settings.ConnectTimeout > TimeSpan.Zero || settings.ConnectTimeout == Timeout.InfiniteTimeSpan;
        ConnectAttempts? attempts = seeks || waits ? new() : null;
        settings = settings with { Attempts = attempts };
        try
        {
            EndpointCore core = await SeekAsync(addresses, settings, profile, owner, cancellationToken).ConfigureAwait(false);
            if (seeks)
            {
                // The endpoint may lose its peer, and then there are further attempts.
                core.Presence.Own(attempts!);
                attempts = null;
            }

            return core;
        }
        finally
        {
            attempts?.Dispose();
        }
    }

    /// <summary>Connects to the first address that has a listener, or waits for one.</summary>
    private static async ValueTask<EndpointCore> SeekAsync(
        Address[] addresses, EndpointSettings settings, PatternProfile profile, ILinkOwner owner, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(settings.ConnectTimeout, settings.Time);
        for (TimeSpan pause = ShortestWait; ; pause = 2 * pause < LongestWait ? 2 * pause : LongestWait)
        {
            // A peer that ends during the handshake counts as absent, too: the next one may be about to start.
            bool isNobodyThere = true;
            for (int i = 0; i < addresses.Length; i++)
            {
                try
                {
                    return await ConnectToAsync(addresses, i, settings, profile, owner, cancellationToken).ConfigureAwait(false);
                }
                catch (FairleadException exception)
                    when (i < addresses.Length - 1
                        || (isNobodyThere && exception.Code is ErrorCode.NotFound or ErrorCode.PeerGone && !deadline.Passed))
                {
                    // Try the next address. After the last one, begin again at the first while waiting for a listener.
                    isNobodyThere &= exception.Code is ErrorCode.NotFound or ErrorCode.PeerGone;
                }
            }

            TimeSpan rest = deadline.Remaining;
            await Task.Delay(pause < rest ? pause : rest, settings.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the settings for all addresses, which are those of the first: one window, one framing, one heartbeat.</summary>
    /// <remarks>The endpoint has a heartbeat if at least one of the addresses may cross the network.</remarks>
    private static EndpointSettings SettingsFor(Address[] addresses, EndpointOptions? options, PatternProfile profile)
    {
        EndpointSettings settings = EndpointSettings.From(addresses[0], options, profile.Kind, BuiltInTransports.Find(addresses[0]));
        foreach (Address address in addresses)
        {
            ITransport transport = BuiltInTransports.Find(address);
            profile.Check(address, CapabilitiesOf(transport, address, settings), settings.IsForeign, transport.Remedy);
            if (address == addresses[0])
            {
                continue;
            }

            if (address.Options.Any(option => !transport.PlaceOptions.Contains(option.Key)))
            {
                throw new ArgumentException(
                    $"The options of {addresses[0].Display} apply to all its alternatives: remove those of {address.Display}.",
                    nameof(options));
            }

            TimeSpan heartbeat = EndpointSettings.From(address, options, profile.Kind, transport).Heartbeat;
            if (settings.Heartbeat == TimeSpan.Zero && addresses[0].Option("heartbeat") is null)
            {
                settings = settings with { Heartbeat = heartbeat };
            }
        }

        profile.CheckPolicy(addresses[0], settings.OverflowPolicy);
        return settings;
    }

    private static async ValueTask<EndpointCore> ConnectToAsync(
        Address[] addresses,
        int at,
        EndpointSettings settings,
        PatternProfile profile,
        ILinkOwner owner,
        CancellationToken cancellationToken)
    {
        Address address = addresses[at];
        Connection connection = await BuiltInTransports.Find(address).ConnectAsync(
            address, settings, cancellationToken).ConfigureAwait(false);
        return await OverAsync(connection, addresses, at, settings, profile, owner, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects by a connection that exists already, and completes the handshake.</summary>
    /// <remarks>
    /// The endpoint owns the connection from now on, also if this throws. Also called for the inner end of a bridge, whose user's end is
    /// bound.
    /// </remarks>
    public static async ValueTask<EndpointCore> OverAsync(
        Connection connection,
        Address[] addresses,
        int at,
        EndpointSettings settings,
        PatternProfile profile,
        ILinkOwner owner,
        CancellationToken cancellationToken)
    {
        Address address = addresses[at];
        EndpointEntry? entry = null;
        EndpointCore? core = null;
        try
        {
            entry = EntryOf(profile, isBound: false, address, default, settings);
            core = new EndpointCore(address, addresses, settings, profile, owner, entry, listener: null);
            core.StartServing();
        }
        catch
        {
            if (core is not null)
            {
                core.Dispose();
            }
            else
            {
                entry?.Dispose();
            }

            connection.Dispose();
            throw;
        }

        try
        {
            await core.OpenAsync(connection, cancellationToken).ConfigureAwait(false);
            return core;
        }
        catch
        {
            core.Dispose();
            throw;
        }
    }

    /// <summary>Connects again, to an address where the peer may be.</summary>
    public async Task ReconnectAsync(Address address, CancellationToken cancellationToken)
    {
        Connection connection = await BuiltInTransports.Find(address).ConnectAsync(
            address, Settings, cancellationToken).ConfigureAwait(false);
        bool isElsewhere = address != Address;
        Address = address;
        await OpenAsync(connection, cancellationToken).ConfigureAwait(false);
        if (isElsewhere)
        {
            _entry.MoveTo(address.ToString());
        }
    }

    private async ValueTask OpenAsync(Connection connection, CancellationToken cancellationToken)
    {
        LinkWaitOperation operation = LinkWaitOperation.Rent(Placement, Pump, isBlocking: false);
        ValueTask<Link?> up = operation.Task;
        bool isHandedOver = false;
        try
        {
            Placement.AddCaller(operation);
            isHandedOver = true;
            using (Completions completions = Completions.Rent())
            {
                AddLink(connection, isAccepted: false, completions);
            }

            operation.WatchFor(null, Settings.Time, cancellationToken);
            Pump.Request();
        }
        catch (Exception exception)
        {
            if (!isHandedOver)
            {
                connection.Dispose();
            }

            // The wait below ends with this error.
            operation.Withdraw(exception);
        }

        await up.ConfigureAwait(false);
    }
}
