using System.Text.RegularExpressions;

namespace Fairlead;

/// <summary>Hides passwords in what people read: in addresses, also malformed ones, and in command lines.</summary>
internal static partial class Passwords
{
    private const string Hidden = "***";

    /// <summary>Returns an address without its password: the text between the first colon of the user part and the last @.</summary>
    /// <remarks>
    /// A misspelt address counts as that of a broker. Only a scheme that is known to take no password may have names with a colon and
    /// an @.
    /// </remarks>
    public static string HideInAddress(string line)
    {
        if (!line.Contains('@'))
        {
            return line;
        }

        int start = Beginning().Match(line).Length;
        string scheme = line[..start].TrimEnd('/').TrimEnd(':').ToLowerInvariant();
        bool isBroker = AddressScheme.Find(scheme) is not { } known || (known.Places & PlaceKinds.Broker) != 0;
        if (!isBroker)
        {
            // A third slash begins a path.
            start = Math.Min(start, scheme.Length + "://".Length);
        }

        ReadOnlySpan<char> rest = line.AsSpan(start);
        int colon = rest.IndexOf(':');
        int at = colon < 0 ? -1 : isBroker ? EndOfPassword(rest, colon) : EndInAuthority(rest, colon);
        return at < 0 ? line : string.Concat(line.AsSpan(0, start + colon + 1), Hidden, rest[at..]);
    }

    /// <summary>Returns a piece of an address without what comes before an @, which may be the end of a password.</summary>
    public static string HideBefore(string piece) => piece.LastIndexOf('@') is >= 0 and var at ? $"{Hidden}{piece[at..]}" : piece;

    /// <summary>Returns a text without the passwords of the addresses in it, such as <c>amqp://user:password@host</c>.</summary>
    public static string HideInText(string text) => text.Contains('@') ? InText().Replace(text, $"$1:{Hidden}@") : text;

    /// <summary>
    /// Returns a command line, whose arguments end with a zero each, without passwords: those of addresses, and the values of options and
    /// variables that are named like a secret, such as <c>--token=VALUE</c>, <c>--db-password VALUE</c>, <c>API_KEY=VALUE</c>.
    /// </summary>
    public static string HideInArguments(string line) => NamedLikeSecrets().Replace(HideInText(line), $"${{name}}{Hidden}");

    /// <summary>Returns the place of the last @ of a password, or -1 if there is none.</summary>
    private static int EndOfPassword(ReadOnlySpan<char> rest, int colon)
    {
        int query = rest.IndexOf('?');
        int at = (query < 0 ? rest : rest[..query]).LastIndexOf('@');
        if (at > colon)
        {
            return at;
        }

        // An unescaped question mark in the password. In an option, an equals sign comes before the @.
        at = rest.LastIndexOf('@');
        return at > colon && (query < colon || !IsOption(rest[(query + 1)..at])) ? at : -1;
    }

    /// <summary>Returns the place of the @ if the host of another transport has a password, or -1.</summary>
    private static int EndInAuthority(ReadOnlySpan<char> rest, int colon)
    {
        int length = rest.IndexOfAny('/', '?', '#');
        int at = (length < 0 ? rest : rest[..length]).LastIndexOf('@');
        return at > colon && rest[0] != '@' ? at : -1;
    }

    private static bool IsOption(ReadOnlySpan<char> text) => text[(text.LastIndexOf('&') + 1)..].Contains('=');

    // amqp://, amqp:/ and amqp//; with one more colon or none, the scheme counts as the user.
    [GeneratedRegex("^[^:/@?#]*:?/+", RegexOptions.CultureInvariant)]
    private static partial Regex Beginning();

    // The value in an address, that of an assignment, and the argument after an option.
    [GeneratedRegex(
        """(?<name>[?&][\w.-]*(?:passw|passphrase|secret|token|api[_-]?key)[\w.-]*=)[^\0&#]+|"""
            + """(?<name>(?:passw|passphrase|secret|token|api[_-]?key)[\w.-]*=)[^\0]+|"""
            + """(?<name>\0-{1,2}[\w.-]*(?:passw|passphrase|secret|token|api[_-]?key)[\w.-]*\0)(?!-)[^\0]+""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex NamedLikeSecrets();

    [GeneratedRegex("""(://[^\s\0:/@?#'"]*):[^\s\0/?#'"]*@""", RegexOptions.CultureInvariant)]
    private static partial Regex InText();
}
