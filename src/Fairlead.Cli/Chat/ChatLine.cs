namespace Fairlead.Cli.Chat;

/// <summary>The requests that a line of a chat can make.</summary>
internal enum ChatVerb
{
    /// <summary>The text goes to all.</summary>
    Say,

    /// <summary>The text goes to one.</summary>
    Tell,

    /// <summary>The speaker leaves.</summary>
    Leave,

    /// <summary>The speaker asks who is in the room.</summary>
    Who,

    /// <summary>The speaker takes a name.</summary>
    Name,

    /// <summary>A command that the room does not know.</summary>
    Unknown,
}

/// <summary>A line as it was typed, taken apart.</summary>
/// <param name="Verb">The request.</param>
/// <param name="Target">The number or name behind the at sign; the command, where it is unknown.</param>
/// <param name="Text">The text to pass on, or the new name.</param>
internal readonly record struct ChatLine(ChatVerb Verb, string Target, string Text)
{
    public static ChatLine Parse(string line)
    {
        if (line is "end" or "/quit")
        {
            return new(ChatVerb.Leave, "", "");
        }

        // A doubled mark stands for itself.
        if (line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith("@@", StringComparison.Ordinal))
        {
            return new(ChatVerb.Say, "", line[1..]);
        }

        return line switch
        {
            ['/', .. var command] => Command(command, line),
            ['@', .. var rest] => Addressed(rest, line),
            _ => new(ChatVerb.Say, "", line),
        };
    }

    private static ChatLine Command(string command, string line)
    {
        var (word, text) = Cut(command);
        return word switch
        {
            "who" when text.Length == 0 => new(ChatVerb.Who, "", ""),
            "name" => new(ChatVerb.Name, "", text),
            _ => new(ChatVerb.Unknown, "/" + word, line),
        };
    }

    private static ChatLine Addressed(string rest, string line)
    {
        var (target, text) = Cut(rest);
        return ChatName.IsWord(target) ? new(ChatVerb.Tell, target, text) : new(ChatVerb.Say, "", line);
    }

    private static (string Word, string Text) Cut(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (text, "") : (text[..space], text[(space + 1)..].Trim());
    }
}
