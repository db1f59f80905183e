using System.CommandLine;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Commands;

/// <summary>The options that all ends of a chat have.</summary>
internal sealed class ChatArguments
{
    private readonly Option<bool> _raw = NewOption.Switch(
        "--raw", "Speak lines of text with programs that know nothing of Fairlead; a NUL behind a newline is accepted");
    private readonly Option<string?> _fifo = new("--input-fifo")
    {
        Description = "Take what is typed from this FIFO, which is made; 'fairlead chat input PATH' types there",
        HelpName = "PATH",
    };

    public static ChatArguments AddTo(ToolCommand command)
    {
        var arguments = new ChatArguments();
        command.Add(arguments._raw);
        command.Add(arguments._fifo);
        return arguments;
    }

    public bool IsRaw(ParseResult parsed) => parsed.GetValue(_raw);

    public IChatScreen OpenScreen(ParseResult parsed) => ChatScreen.Open(parsed.GetValue(_fifo));

    /// <summary>Returns the address of an end. A raw end writes each line at once, unless the address says otherwise.</summary>
    public Address Fit(ParseResult parsed, Address address)
    {
        if (!IsRaw(parsed) || address.Option("framing") == "fairlead")
        {
            return address;
        }

        address = address.Option("framing") is null ? address.With("framing", "line") : address;
        return address.Option("writing") is null ? address.With("writing", "immediate") : address;
    }
}
