namespace Fairlead.Transports;

/// <summary>How many connections wait in the kernel until the endpoint accepts them, by <c>?backlog=</c>.</summary>
/// <remarks>
/// The kernel lowers it to <c>/proc/sys/net/core/somaxconn</c>, and admits one more. It delays a further TCP client, whose kernel tries
/// again. A further client of a Unix socket waits in its call.
/// </remarks>
internal static class Backlog
{
    public const string Option = "backlog";

    private const int Usual = 4096;
    private const int Most = 65_535;

    /// <exception cref="AddressFormatException">The option is malformed.</exception>
    public static int Of(Address address) => AddressOptions.Int(address, Option, 1, Most) ?? Usual;
}
