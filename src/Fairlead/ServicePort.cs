using System.Globalization;

namespace Fairlead;

/// <summary>The port of a service by its name, as <c>/etc/services</c> lists it and <c>getservbyname</c> returns it.</summary>
/// <remarks>
/// The base library resolves hosts (<see cref="System.Net.Dns"/>) and lists interfaces
/// (<see cref="System.Net.NetworkInformation.NetworkInterface"/>), but knows no names of ports. Each call reads the file.
/// </remarks>
/// <param name="Name">The name: <c>domain</c>.</param>
/// <param name="Port">The port: 53.</param>
/// <param name="Protocol">The protocol: <c>tcp</c> or <c>udp</c>, or a rarer one.</param>
/// <param name="Aliases">Other names.</param>
public sealed record ServicePort(string Name, int Port, string Protocol, IReadOnlyList<string> Aliases)
{
    private const string ListPath = "/etc/services";

    /// <summary>Returns the port of a service.</summary>
    /// <param name="name">Its name, or another name of it: <c>ssh</c>.</param>
    /// <param name="protocol"><c>tcp</c> or <c>udp</c>.</param>
    /// <exception cref="FairleadException">NotFound: <c>/etc/services</c> is missing, or does not list the service.</exception>
    public static int PortOf(string name, string protocol = "tcp")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        return Find(Lines(), name, protocol).FirstOrDefault()?.Port
            ?? throw Missing($"{ListPath} has no service '{PlainText.OneLine(name)}' for {PlainText.OneLine(protocol)}");
    }

    /// <summary>Returns all services with a name or a port, in the order of the file.</summary>
    /// <param name="service"><c>domain</c>, <c>53</c>, or with a protocol: <c>domain/udp</c>.</param>
    /// <returns>Empty if there is none.</returns>
    /// <exception cref="FairleadException">NotFound: <c>/etc/services</c> is missing.</exception>
    public static IReadOnlyList<ServicePort> Find(string service)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        return [.. Find(Lines(), service)];
    }

    /// <summary>Returns the services with a name or a port from other lines: <c>domain 53/udp nameserver # comment</c>.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="service">As for <see cref="Find(string)"/>.</param>
    public static IEnumerable<ServicePort> Find(IEnumerable<string> lines, string service)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentException.ThrowIfNullOrEmpty(service);
        return service.Split('/', 2) is [var name, var protocol] ? Find(lines, name, protocol) : Find(lines, service, null);
    }

    /// <summary>Returns, for example, <c>domain 53/udp</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Port}/{Protocol}");

    private static IEnumerable<ServicePort> Find(IEnumerable<string> lines, string name, string? protocol)
    {
        bool isNumber = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int port);
        return lines
            .Select(Parse)
            .OfType<ServicePort>()
            .Where(found =>
                (isNumber ? found.Port == port : found.Name == name || found.Aliases.Contains(name))
                && (protocol is null || found.Protocol == protocol));
    }

    private static IEnumerable<string> Lines() => File.Exists(ListPath)
        ? File.ReadLines(ListPath)
        : throw Missing($"the names of services cannot be looked up: {ListPath} is missing on this machine");

    private static FairleadException Missing(string what) => new(ErrorCode.NotFound, what, "Give the number of the port.");

    /// <summary>Returns null for an empty line, and for one of another form.</summary>
    private static ServicePort? Parse(string line)
    {
        string[] words = line.Split('#', 2)[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2
            && words[1].Split('/') is [var number, var protocol]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? new ServicePort(words[0], port, protocol, words[2..])
            : null;
    }
}
