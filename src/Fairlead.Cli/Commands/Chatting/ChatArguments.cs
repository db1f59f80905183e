using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>The options that all ends of a chat have.</summary>
internal sealed class ChatArguments
{
    private const int MostBytes = ChatText.MostBytes;

    private readonly Option<bool> _raw = NewOption.Switch(
        "--raw", "Exchange lines of text with programs without Fairlead; a NUL after a newline is accepted");
    private readonly Option<int?> _block = Block(
        "Raw, in blocks of this many bytes: their text ends at the first NUL. For C programs that write a whole buffer. "
            + "With --input-fifo the FIFO has these blocks; with --raw also the connection");
    private readonly Option<string?> _fifo = new("--input-fifo")
    {
        Description = "Read the typed lines from this FIFO, which is created; 'fairlead chat input PATH' types there",
        HelpName = "PATH",
    };

    public static ChatArguments AddTo(ToolCommand command)
    {
        var arguments = new ChatArguments();
        command.Add(arguments._raw);
        command.Add(arguments._block);
        command.Add(arguments._fifo);
        return arguments;
    }

    /// <summary>The option for programs that write blocks.</summary>
    public static Option<int?> Block(string description)
    {
        Option<int?> block = new("--block") { Description = description, HelpName = "BYTES" };
        block.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var size) && size is > 1 and <= MostBytes))
            {
                result.AddError($"--block takes a number of bytes from 2 to {MostBytes}, not '{token.Value}'");
            }
        });
        return block;
    }

    public bool IsRaw(ParseResult parsed) =>
        parsed.GetValue(_raw) || (parsed.GetValue(_block) is not null && parsed.GetValue(_fifo) is null);

    /// <summary>The bytes of a block of the chat; null if it speaks lines, or if the blocks are those of the typing FIFO.</summary>
    public int? BlockOf(ParseResult parsed) =>
        parsed.GetValue(_fifo) is null || parsed.GetValue(_raw) ? parsed.GetValue(_block) : null;

    public IChatScreen OpenScreen(ParseResult parsed) => ChatScreen.Open(parsed.GetValue(_fifo), parsed.GetValue(_block));

    /// <summary>Returns the address of an end. A raw end writes each line immediately, unless the address says otherwise.</summary>
    public Address Fit(ParseResult parsed, Address address)
    {
        if (!IsRaw(parsed) || address.Option("framing") == "fairlead")
        {
            return address;
        }

        if (address.Option("framing") is null)
        {
            address = parsed.GetValue(_block) is { } size
                ? address.With("framing", "block").With("size", size.ToString(CultureInfo.InvariantCulture)).With("until", "nul")
                : address.With("framing", "line");
        }

        return address.Option("writing") is null ? address.With("writing", "immediate") : address;
    }
}
