using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>Options that the server and the client of the small services share.</summary>
internal static class ServiceArguments
{
    public static readonly string[] Names = [.. Enum.GetNames<ServiceKind>().Select(static name => name.ToLowerInvariant())];

    /// <summary>Everything that <c>serve</c> serves, with the two services that have no kind.</summary>
    public static readonly string[] Served = [.. Names, "shmtime", "tftp"];

    public static Option<string?> Zone() => new("--zone")
    {
        Description = "The time zone: UTC, Europe/Berlin; by default the zone of this machine",
        HelpName = "ZONE",
    };

    public static Option<int?> Key() => new("--key")
    {
        Description = "For shmtime: the key of the System V segment, as C programs have it: 5278, 0x149e",
        HelpName = "KEY",
        CustomParser = static result =>
        {
            var text = result.Tokens[0].Value;
            var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
            if (uint.TryParse(
                    isHex ? text[2..] : text,
                    isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var key)
                && key != 0)
            {
                return unchecked((int)key);
            }

            result.AddError($"--key takes a number of 32 bits that is not 0, 5278 or 0x149e, not '{text}'");
            return null;
        },
    };

    /// <exception cref="ToolException">Usage: the service does not exist.</exception>
    public static ServiceKind KindOf(string name)
    {
        var at = Array.IndexOf(Names, name);
        return at >= 0
            ? Enum.GetValues<ServiceKind>()[at]
            : throw ToolException.Usage($"the service '{name}' does not exist. Use {string.Join(", ", Names)}, tftp or shmtime");
    }

    /// <exception cref="ToolException">Usage: the zone does not exist.</exception>
    public static TimeZoneInfo ZoneOf(string? name)
    {
        try
        {
            return name is null ? TimeZoneInfo.Local : TimeZoneInfo.FindSystemTimeZoneById(name);
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw ToolException.Usage($"the time zone '{name}' does not exist on this machine. Use a name such as UTC or Europe/Berlin");
        }
    }

    /// <summary>Returns permissions that are written in octal, as chmod takes them; null if the text is something else.</summary>
    public static UnixFileMode? PermissionsOf(string text)
    {
        if (text.Length is < 3 or > 4 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return null;
        }

        var mode = Convert.ToInt32(text, 8);
        return mode <= 0x1FF ? (UnixFileMode)mode : null;
    }

    /// <exception cref="ToolException">Usage: the key is missing, or there is an address as well.</exception>
    public static int KeyOf(int? key, string[] words) =>
        words.Length > 1
            ? throw ToolException.Usage($"{words[1]}: the clock in shared memory has a key and no address: shmtime --key 5278")
            : key ?? throw ToolException.Usage("the key of the segment is needed: shmtime --key 5278");
}
