using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Services;

/// <summary>The names of ports, as <c>/etc/services</c> has them.</summary>
internal static class ServiceNames
{
    private const string File = "/etc/services";

    /// <summary>All services of a name or a number, in the order of the file.</summary>
    /// <param name="service"><c>domain</c>, <c>53</c>, or with a protocol: <c>domain/udp</c>.</param>
    /// <exception cref="ToolException">NotFound: the service or the file does not exist.</exception>
    public static ServiceLine[] Find(string service)
    {
        if (!System.IO.File.Exists(File))
        {
            throw new ToolException(ExitCode.NotFound, $"the names of services cannot be looked up: {File} is missing on this machine");
        }

        ServiceLine[] found = [.. Find(System.IO.File.ReadLines(File), service)];
        return found.Length > 0
            ? found
            : throw new ToolException(ExitCode.NotFound, $"{File} has no service '{service}'. Give a name, a port, or NAME/udp");
    }

    /// <summary>Those of the lines of such a file.</summary>
    public static IEnumerable<ServiceLine> Find(IEnumerable<string> lines, string service)
    {
        string[] words = service.Split('/', 2);
        bool isNumber = int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int port);
        return lines
            .Select(Parse)
            .OfType<ServiceLine>()
            .Where(line =>
                (isNumber ? line.Port == port : line.Name == words[0] || line.Aliases.Contains(words[0]))
                && (words.Length == 1 || line.Protocol == words[1]));
    }

    /// <summary><c>domain 53/udp nameserver # comment</c>; null where the line is empty or something else.</summary>
    private static ServiceLine? Parse(string line)
    {
        string[] words = line.Split('#', 2)[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2
            && words[1].Split('/') is [var number, var protocol]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            ? new ServiceLine(words[0], port, protocol, words[2..])
            : null;
    }
}
