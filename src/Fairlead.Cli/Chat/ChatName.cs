namespace Fairlead.Cli.Chat;

/// <summary>The names that people in a room may take.</summary>
internal static class ChatName
{
    public const string Allowed = "a letter first, then letters, digits, - and _, at most 32 characters, and not 'server'";

    /// <summary>The operator's name, which no client can take.</summary>
    public const string Server = "server";

    private const int MostLength = 32;

    /// <summary>Whether a text may stand behind an at sign: a number or a name.</summary>
    public static bool IsWord(string text) =>
        text.Length is > 0 and <= MostLength && text.All(static c => char.IsLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Whether a client may take this name. It begins with a letter, since a number is something else.</summary>
    public static bool IsValid(string text) =>
        IsWord(text) && char.IsLetter(text[0]) && !text.Equals(Server, StringComparison.OrdinalIgnoreCase);
}
