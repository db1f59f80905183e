using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>The names of ports, as <c>/etc/services</c> has them.</summary>
internal static class ServiceNames
{
    /// <summary>All services of a name or a number, in the order of the file.</summary>
    /// <param name="service"><c>domain</c>, <c>53</c>, or with a protocol: <c>domain/udp</c>.</param>
    /// <exception cref="ToolException">NotFound: the service does not exist.</exception>
    public static ServiceLine[] Find(string service)
    {
        ServiceLine[] found = [.. ServicePort.Find(service).Select(Line)];
        return found.Length > 0
            ? found
            : throw new ToolException(ExitCode.NotFound, $"/etc/services has no service '{service}'. Give a name, a port, or NAME/udp");
    }

    /// <summary>Those of the lines of such a file.</summary>
    public static IEnumerable<ServiceLine> Find(IEnumerable<string> lines, string service) =>
        ServicePort.Find(lines, service).Select(Line);

    private static ServiceLine Line(ServicePort found) => new(found.Name, found.Port, found.Protocol, [.. found.Aliases]);
}
