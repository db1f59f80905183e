using System.CommandLine;
using System.Text;
using Fairlead.Cli.Chat;
using Fairlead.Cli.Commands.Messaging;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>The typing side of a chat in two windows.</summary>
internal sealed class ChatInputCommand : ToolCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "The FIFO that --input-fifo names at the reading side" };
    private readonly Option<TimeSpan?> _wait =
        NewOption.Duration("--wait", "Wait this long for the reading side instead of failing immediately");

    private readonly Option<int?> _block = ChatArguments.Block(
        "Write each line with its newline in a block of this many bytes, filled up with NULs. For C programs that read a whole buffer");

    public ChatInputCommand()
        : base("input", "Type into a chat that reads from a FIFO in another window")
    {
        Add(_path);
        Add(_wait);
        Add(_block);
        Examples =
        [
            ("fairlead chat join unix://chat --input-fifo /tmp/typing", "The reading window"),
            ("fairlead chat input /tmp/typing", "The typing window; 'end' leaves the chat, Ctrl-D closes this window alone"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var block = parsed.GetValue(_block);
        await using var sender = await Sender.ConnectAsync(
            TypingFifo.At(parsed.GetRequiredValue(_path), block),
            new EndpointOptions { ConnectTimeout = parsed.GetValue(_wait) ?? TimeSpan.Zero },
            cancellationToken);
        using var screen = ChatScreen.Open();
        var hasLeft = false;
        while (!hasLeft && await screen.ReadAsync(cancellationToken) is { } line)
        {
            try
            {
                await sender.SendAsync(Encoding.UTF8.GetBytes(block is null ? line : line + "\n"), cancellationToken);
            }
            catch (FairleadException problem) when (block is not null && problem.Code == ErrorCode.TooLarge)
            {
                ErrorLine.Write($"the line was not sent, because it does not fit a block of {block} bytes");
                continue;
            }

            hasLeft = ChatLine.Parse(line).Verb == ChatVerb.Leave;
        }

        return await Draining.CloseAsync(sender, null, cancellationToken);
    }
}
