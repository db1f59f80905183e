using System.Net;
using System.Net.Sockets;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>Names of hosts to addresses, and back.</summary>
internal static class HostLookup
{
    /// <summary>Looks a name or an address up.</summary>
    /// <exception cref="ToolException">NotFound: it is unknown.</exception>
    public static async Task<ResolveLine> FindAsync(string host, ServiceLine[] services, CancellationToken cancellationToken)
    {
        string name = host is ['[', .., ']'] ? host[1..^1] : host;
        try
        {
            IPHostEntry entry = await Dns.GetHostEntryAsync(name, cancellationToken);
            return new ResolveLine
            {
                Host = name,
                Canonical = entry.HostName,
                Aliases = entry.Aliases,
                Addresses = [.. entry.AddressList.Select(static address => address.ToString()).Distinct()],
                Services = services,
            };
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new ToolException(
                ExitCode.NotFound,
                IPAddress.TryParse(name, out _)
                    ? $"the address {name} has no name: {exception.Message}"
                    : $"the host {name} cannot be resolved: {exception.Message}. Check the name, or give an address in digits");
        }
    }
}
