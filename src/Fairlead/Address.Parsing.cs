using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Fairlead;

// From text to address.
public sealed partial class Address
{
    /// <summary>Parses an address.</summary>
    /// <exception cref="AddressFormatException">The text is not an address; the message says what is wrong and how to write it.</exception>
    public static Address Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var address, out var problem) ? address : throw new AddressFormatException(text, problem);
    }

    /// <summary>Parses an address. Returns false if the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Address? address)
    {
        address = null;
        return text is not null && TryParse(text, out address, out _);
    }

    private static bool TryParse(string text, [NotNullWhen(true)] out Address? address, out string problem)
    {
        address = null;
        var schemeEnd = text.IndexOf("://", StringComparison.Ordinal);
        if (schemeEnd < 0)
        {
            problem = text.Length == 0
                ? "the address is empty; write one such as unix://orders"
                : "an address begins with a scheme and '://', as in unix://orders";
            return false;
        }

        var schemeName = text[..schemeEnd].ToLowerInvariant();
        if (AddressScheme.Find(schemeName) is not { } scheme)
        {
            problem = SchemeProblem(schemeName);
            return false;
        }

        var rest = text[(schemeEnd + 3)..];
        var query = rest.IndexOf('?');
        var rawPlace = query < 0 ? rest : rest[..query];
        rawPlace = (scheme.Places & PlaceKinds.HostPort) == 0 ? rawPlace : EscapeZone(rawPlace);
        if (AddressText.Unescape(rawPlace, out var unfit) is not { } place)
        {
            problem = $"the place cannot be read: {unfit}";
            return false;
        }

        if (PlaceProblem(scheme, rawPlace, ref place, out var host, out var port) is { } placeProblem)
        {
            problem = placeProblem;
            return false;
        }

        if (ReadOptions(query < 0 ? "" : rest[(query + 1)..], out problem) is not { } options)
        {
            return false;
        }

        var escaped = scheme.Places == PlaceKinds.Broker
            ? AddressText.NormalizeBroker(rawPlace)
            : AddressText.Escape(place, AddressText.PlaceSpecials);
        address = new Address(scheme, place, escaped, host, port, options);
        return true;
    }

    private static string SchemeProblem(string given)
    {
        var names = AddressScheme.All.Select(scheme => scheme.Name).ToArray();
        var known = $"Known schemes: {string.Join(", ", names)}";
        return NearestName.Of(given, names) is { } nearest
            ? $"unknown scheme '{AddressText.Display(given)}'; did you mean '{nearest}'? {known}"
            : $"unknown scheme '{AddressText.Display(given)}'. {known}";
    }

    private static ReadOnlyCollection<KeyValuePair<string, string>>? ReadOptions(string query, out string problem)
    {
        problem = "";
        if (query.Length == 0)
        {
            return ReadOnlyCollection<KeyValuePair<string, string>>.Empty;
        }

        var options = new List<KeyValuePair<string, string>>();
        foreach (var part in query.Split('&'))
        {
            var equals = part.IndexOf('=');
            var rawName = equals < 0 ? part : part[..equals];
            if (AddressText.Unescape(rawName, out var unfit) is not { } name
                || AddressText.Unescape(equals < 0 ? "" : part[(equals + 1)..], out unfit) is not { } value)
            {
                problem = $"option '{Passwords.HideBefore(AddressText.Display(part))}' cannot be read: {unfit}";
                return null;
            }

            if (OptionNameProblem(name) is { } nameProblem)
            {
                problem = nameProblem;
            }
            else if (equals < 0)
            {
                problem = $"option '{name}' has no value; write {name}=value";
            }
            else if (options.Exists(option => option.Key == name))
            {
                problem = $"option '{name}' is given twice";
            }
            else
            {
                options.Add(new(name, value));
            }

            if (problem.Length != 0)
            {
                return null;
            }
        }

        return options.AsReadOnly();
    }

    private static string? OptionNameProblem(string name)
    {
        if (name.Length == 0)
        {
            return "an option has no name; write options as ?name=value&name=value";
        }

        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? null
            : $"'{Passwords.HideBefore(AddressText.Display(name))}' is not an option name; use letters, digits, '-', '_' and '.'";
    }
}
