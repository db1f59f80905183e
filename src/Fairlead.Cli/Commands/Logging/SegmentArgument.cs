using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Fairlead.Cli.Output;
using Fairlead.Memory;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>The argument for a System V segment: <c>sysv://0x5242</c> or <c>sysv://21058</c>.</summary>
internal static class SegmentArgument
{
    public static Argument<string> Create()
    {
        Argument<string> argument = new("ADDRESS") { Description = "The segment: sysv://KEY, as listed by fairlead list --segments" };
        argument.CompletionSources.Add(static _ =>
            SharedRegion
                .SystemVSegments()
                .Select(SegmentLine.Of)
                .Where(static line => line.Segment is not null)
                .Select(static line => new CompletionItem(line.Segment!)));
        return argument;
    }

    /// <exception cref="ToolException">The text does not name a segment, or the segment does not exist.</exception>
    public static SystemVInfo Find(string text)
    {
        int key = KeyOf(text);
        return SharedRegion.FindSystemV(key)
            ?? throw new ToolException(ExitCode.NotFound, $"{text}: the segment does not exist. To list all: fairlead list --segments");
    }

    /// <summary>Whether a name is meant as a key.</summary>
    public static bool IsKey(string text) => text.StartsWith("sysv:", StringComparison.Ordinal);

    /// <summary>Returns the key that an address contains.</summary>
    /// <exception cref="ToolException">The text is not a key.</exception>
    public static int KeyOf(string text)
    {
        Address address = Address.Parse(text);
        if (address.Options.Count > 0)
        {
            throw ToolException.Usage($"{text}: a key takes no options");
        }

        if (address.Scheme != "sysv")
        {
            throw ToolException.Usage(
                $"{text}: not a System V segment: write sysv://KEY. Other endpoints end with their process");
        }

        string place = address.Place;
        bool isHex = place.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return uint.TryParse(
                isHex ? place[2..] : place,
                isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None,
                CultureInfo.InvariantCulture,
                out uint key)
            && key != 0
            ? unchecked((int)key)
            : throw ToolException.Usage(
                $"{text}: a key is a 32-bit number like 0x5242 or 21058, and not 0, which is private");
    }
}
