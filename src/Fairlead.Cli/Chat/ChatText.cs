using System.Text;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Chat;

/// <summary>The text of a line that came from another program.</summary>
internal static class ChatText
{
    /// <summary>The hub does not accept longer lines.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>
    /// C programs send the NUL that ends their text; it stands before the next line when it follows the newline. A block has its newline
    /// in it. Characters that steer a terminal become spaces.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> line)
    {
        var text = line.Trim((byte)0).TrimEnd("\r\n"u8).TrimEnd((byte)0);
        return VisibleText.OneLine(Encoding.UTF8.GetString(text));
    }
}
