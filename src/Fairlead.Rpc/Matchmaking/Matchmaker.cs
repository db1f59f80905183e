using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc;

/// <summary>Locates services by their names. It is a view of this user's live endpoints: a service disappears with its process.</summary>
/// <remarks>
/// A server by name binds two endpoints, over shared memory and a Unix socket, whose labels in the registry read
/// <c>rpc NAME CONTRACT HASH INSTANCE LABEL</c>, the last from the server's options. Commas separate the names of several contracts.
/// </remarks>
public static partial class Matchmaker
{
    private const string Mark = "rpc";

    // Of EndpointOptions.Label.
    private const int MostLabelBytes = 256;

    // How often a waiting client looks.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns the live instances of all services of this user, by name and age.</summary>
    /// <exception cref="FairleadException">The runtime directory is not safe to use.</exception>
    public static IReadOnlyList<ServiceInstance> List() => InstancesOf(EndpointRegistry.List());

    /// <summary>Returns the live instances of a service, the eldest first.</summary>
    /// <param name="name">The name of the service.</param>
    public static IReadOnlyList<ServiceInstance> Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return [.. List().Where(instance => instance.Name == name)];
    }

    /// <summary>Returns the live instances of a service, and one that has died, if this call has found that.</summary>
    /// <remarks>The first reader of the registry after a death sees which process has died.</remarks>
    internal static IReadOnlyList<ServiceInstance> Find(string name, ref ServiceInstance? ended)
    {
        EndpointListing listing = EndpointRegistry.Read();
        ended = InstancesOf(listing.Ended).LastOrDefault(instance => instance.Name == name) ?? ended;
        return [.. InstancesOf(listing.Endpoints).Where(instance => instance.Name == name)];
    }

    /// <exception cref="ArgumentException">The names and the label are longer than an endpoint's label may be.</exception>
    internal static string Label(string name, IReadOnlyList<RpcDescription> contracts, string label)
    {
        string first = contracts[0].Name;
        string instance = RandomNumberGenerator.GetHexString(16, lowercase: true);
        string rest = string.Create(CultureInfo.InvariantCulture, $" {ContractNames.HashOf(contracts):x16} {instance} ");
        int room = MostLabelBytes - Encoding.UTF8.GetByteCount($"{Mark} {name} {rest}{label}");
        string text = $"{Mark} {name} {ContractNames.Of(contracts, room)}{rest}";
        int over = Encoding.UTF8.GetByteCount(text) + Encoding.UTF8.GetByteCount(label) - MostLabelBytes;
        return over <= 0
            ? $"{text}{label}".TrimEnd()
            : throw new ArgumentException(
                $"Service '{name}' cannot be registered: the name of its contract, '{first}', and its label are {over} bytes too "
                    + "long together. Shorten the label, or set RpcContractAttribute.Name.",
                nameof(label));
    }

    /// <summary>Returns addresses for a new instance.</summary>
    internal static IReadOnlyList<Address> NewPlaces(string name)
    {
        ServiceName.Check(name);
        string place = $"svc.{name}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        return [Address.Parse($"shm://{place}"), Address.Parse($"unix://{place}")];
    }

    /// <summary>Returns the live instances of a service now, and again whenever one has started or ended.</summary>
    /// <param name="name">The name of the service.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public static async IAsyncEnumerable<IReadOnlyList<ServiceInstance>> WatchAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ServiceName.Check(name);
        string? last = null;
        using PeriodicTimer timer = new(Look);
        do
        {
            IReadOnlyList<ServiceInstance> instances = Find(name);
            string now = string.Join(' ', instances.Select(static instance => instance.Addresses[0]));
            if (now != last)
            {
                last = now;
                yield return instances;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Waits until an instance of a service lives.</summary>
    /// <param name="name">The name of the service.</param>
    /// <param name="ended">An instance that is known to have died, for the error.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">NotFound: none has appeared in time.</exception>
    internal static async ValueTask WaitAsync(
        string name, ServiceInstance? ended, TimeSpan wait, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(Look);
        while (TimeProvider.System.GetElapsedTime(began) < wait)
        {
            await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
            if (Find(name, ref ended).Count > 0)
            {
                return;
            }
        }

        throw NotFound(name, ended);
    }

    private static FairleadException NotFound(string name, ServiceInstance? ended)
    {
        string[] names = [.. List().Select(static instance => instance.Name).Distinct()];
        if (names.Contains(name))
        {
            return new FairleadException(
                ErrorCode.NotFound,
                $"no instance of service '{name}' has taken a connection",
                "An instance that ends takes none; try again, or set WaitForService.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }

        string remedy = names.Length == 0
            ? "Start its server; fairlead services lists the live ones."
            : $"These live: {string.Join(", ", names)}.";
        if (ended is null)
        {
            return new FairleadException(ErrorCode.NotFound, $"no service '{name}' lives (searched {FairleadDirectory.Runtime})", remedy)
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }

        Peer server = new() { ProcessId = ended.ProcessId, Program = ended.Program };
        string since = ended.Since.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new FairleadException(
            ErrorCode.NotFound,
            $"no service '{name}' lives: {server} served it, since {since}, and has ended",
            remedy)
        {
            Delivery = DeliveryStatus.NotDelivered,
        };
    }

    private static IReadOnlyList<ServiceInstance> InstancesOf(IReadOnlyList<EndpointInfo> endpoints) =>
    [
        .. endpoints
            .Where(static endpoint => endpoint.IsBound)
            .Select(static endpoint => (Endpoint: endpoint, Fields: Fields(endpoint.Label)))
            .Where(static found => found.Fields is not null)
            .GroupBy(static found => found.Fields![4], StringComparer.Ordinal)
            .Select(static instance => Instance([.. instance]))
            .OrderBy(static instance => instance.Name, StringComparer.Ordinal)
            .ThenBy(static instance => instance.Since),
    ];

    private static string[]? Fields(string label)
    {
        string[] fields = label.Split(' ', 6);
        return fields is [Mark, _, _, var hash, _, ..] && ulong.TryParse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _)
            ? fields
            : null;
    }

    private static ServiceInstance Instance(IReadOnlyList<(EndpointInfo Endpoint, string[]? Fields)> endpoints)
    {
        EndpointInfo first = endpoints[0].Endpoint;
        string[] fields = endpoints[0].Fields!;
        return new ServiceInstance(
            fields[1],
            fields[2],
            ulong.Parse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            [
                .. endpoints
                    .Select(static found => Address.Parse(found.Endpoint.Address))
                    .OrderBy(static address => address.Scheme != "shm"),
            ],
            first.ProcessId,
            first.Program,
            first.Since,
            endpoints.Sum(static found => found.Endpoint.Clients),
            endpoints.Sum(static found => Math.Max(0, found.Endpoint.MessagesReceived - found.Endpoint.ControlMessages)))
        {
            Id = fields[4],
            Label = fields is [_, _, _, _, _, var label] ? label : "",
        };
    }
}
