using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fairlead;

// The places that a scheme accepts. Each method returns what is wrong and how to write it, or null.
public sealed partial class Address
{
    private const int LongestName = 100;

    // sun_path holds 108 bytes, of which the leading NUL of an abstract name takes one.
    private const int LongestAbstractName = 107;

    private static string? PlaceProblem(AddressScheme scheme, string rawPlace, ref string place, out string? host, out int? port)
    {
        (host, port) = (null, null);
        if (place.Length == 0)
        {
            return $"the place after '://' is missing; write {scheme.Example}";
        }

        if ((scheme.Places & PlaceKinds.HostPort) != 0)
        {
            return HostPortProblem(scheme, ref place, out host, out port);
        }

        if ((scheme.Places & PlaceKinds.Descriptors) != 0)
        {
            return DescriptorsProblem(scheme, place);
        }

        if ((scheme.Places & PlaceKinds.Broker) != 0)
        {
            return rawPlace[0] == '/' ? $"the broker's host is missing; write {scheme.Example}" : null;
        }

        if (place[0] == '/')
        {
            return PathProblem(scheme, place);
        }

        if (place[0] == '@' && (scheme.Places & PlaceKinds.Abstract) != 0)
        {
            return AbstractProblem(place);
        }

        if ((scheme.Places & PlaceKinds.NamePair) != 0 && place.Split(',') is { Length: > 1 } names)
        {
            return names.Length > 2
                ? $"there are more than two names; write {scheme.Name}://a,b"
                : names.Select(name => NameProblem(scheme, name)).FirstOrDefault(found => found is not null);
        }

        return NameProblem(scheme, place);
    }

    private static string? NameProblem(AddressScheme scheme, string name)
    {
        if (name.Length == 0)
        {
            return $"a name is missing; write {scheme.Example}";
        }

        if (name is "." or "..")
        {
            return $"'{name}' is not a name; write {scheme.Example}";
        }

        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            {
                continue;
            }

            if (c == '/' && (scheme.Places & PlaceKinds.Path) != 0)
            {
                return $"'{AddressText.Display(name)}' is neither a name nor an absolute path; write {scheme.Name}:///path for a path, "
                    + "or a name without '/'";
            }

            return $"'{AddressText.Display(name)}' is not a name; use letters, digits, '.', '_' and '-'";
        }

        return name.Length > LongestName
            ? string.Create(CultureInfo.InvariantCulture, $"the name has {name.Length} bytes; the limit is {LongestName}")
            : null;
    }

    private static string? PathProblem(AddressScheme scheme, string path)
    {
        if ((scheme.Places & PlaceKinds.Path) == 0)
        {
            return $"{scheme.Name} accepts a name, not a path; write {scheme.Example}";
        }

        var last = path[(path.LastIndexOf('/') + 1)..];
        return last is "" or "." or ".." ? $"the path '{AddressText.Display(path)}' names a directory; it must name a file" : null;
    }

    private static string? AbstractProblem(string place)
    {
        var length = Encoding.UTF8.GetByteCount(place) - 1;
        return length switch
        {
            0 => "the abstract name after '@' is missing; write unix://@orders",
            > LongestAbstractName => string.Create(
                CultureInfo.InvariantCulture, $"the abstract name has {length} bytes; the limit is {LongestAbstractName}"),
            _ => null,
        };
    }

    private static string? DescriptorsProblem(AddressScheme scheme, string place)
    {
        if (char.IsAsciiLetter(place[0]))
        {
            return NameProblem(scheme, place);
        }

        var numbers = place.Split(',');
        return numbers.Length <= 2 && numbers.All(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? null
            : $"'{AddressText.Display(place)}' is not a descriptor; write {scheme.Example} (one for both directions, "
                + "or one to read and one to write), or the name that a service manager gave it";
    }

    /// <summary>Escapes the percent sign before the interface of a link-local address, which people and programs write as it is.</summary>
    private static string EscapeZone(string place)
    {
        int zone = place is ['[', ..] ? place.IndexOf('%') : -1;
        return zone > 0 && zone < place.IndexOf(']') && !place.AsSpan(zone).StartsWith("%25") ? place.Insert(zone + 1, "25") : place;
    }

    private static string? HostPortProblem(AddressScheme scheme, ref string place, out string? host, out int? port)
    {
        (host, port) = (null, null);
        var bracketed = place[0] == '[';
        var hostEnd = bracketed ? place.IndexOf(']') + 1 : place.LastIndexOf(':');
        if (bracketed && hostEnd == 0)
        {
            return $"the ']' after the IPv6 address is missing; write {scheme.Name}://[::1]:5242";
        }

        if (hostEnd < 0 || hostEnd >= place.Length || place[hostEnd] != ':')
        {
            return $"the port is missing; write {scheme.Example}, or use port 0 to bind any free port";
        }

        var name = bracketed ? place[1..(hostEnd - 1)] : place[..hostEnd];
        if (name.Contains(':') && !bracketed)
        {
            return $"write an IPv6 address in brackets: {scheme.Name}://[{AddressText.Display(name)}]:5242";
        }

        // The name of an interface may contain capitals. It follows the address: [fe80::1%25eth0].
        var zone = bracketed ? name.IndexOf('%') : -1;
        var ipText = zone < 0 ? name : name[..zone];
        if (bracketed
            && (zone == name.Length - 1 || !(IPAddress.TryParse(ipText, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6)))
        {
            return $"'{AddressText.Display(name)}' is not an IPv6 address";
        }

        if (name.Length == 0 && !bracketed)
        {
            // Other tools write this form, too: ":5242".
            name = "*";
        }

        if (!bracketed && name != "*" && !name.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            return $"'{AddressText.Display(name)}' is not a host name; write {scheme.Example}";
        }

        var digits = place[(hostEnd + 1)..];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
        {
            return $"'{AddressText.Display(digits)}' is not a port; write a number from 0 to 65535";
        }

        host = ipText.ToLowerInvariant() + name[ipText.Length..];
        port = number;
        place = ComposeHostPort(host, number);
        return null;
    }
}
