using System.CommandLine;
using Fairlead.Cli.Chat;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>A chat of two, of which either may start first.</summary>
internal sealed class ChatPairCommand : ToolCommand
{
    // When two start at the same moment, each may find the name taken before the other listens. They do not stay in step for long.
    private const int MostAttempts = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Argument<string> _address = new("ADDRESS")
    {
        Description = "Address, the same at both sides: unix://name, tcp://host:port, fifo://a,b, …",
    };
    private readonly Option<bool> _turns = NewOption.Switch(
        "--turns", "Talk in turns over one FIFO: each side opens it, writes or reads a line, and closes it. --block: the other's buffer");
    private readonly Option<bool> _first = NewOption.Switch("--first", "With --turns: this side writes the first line");
    private readonly ChatArguments _chat;

    public ChatPairCommand()
        : base("pair", "Connect two sides; either side may start first")
    {
        Add(_address);
        _chat = ChatArguments.AddTo(this);
        Add(_turns);
        Add(_first);
        Examples =
        [
            ("fairlead chat pair unix://talk", "Run this in two terminals; 'end' leaves"),
            ("fairlead chat pair fifo://there,back", "Over two FIFOs"),
            ("fairlead chat pair fifo:///tmp/a,/tmp/b --block 1024", "With a C program that reads and writes char line[1024]"),
            ("fairlead chat pair fifo:///tmp/talk --turns --first", "In turns over one FIFO, with a C program that reads first"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Address address = parsed.GetRequiredValue(_address);
        if (address.Scheme == "inproc")
        {
            throw ToolException.Usage($"{address}: inproc:// stays inside one process; unix:// leads to others");
        }

        if (parsed.GetValue(_turns))
        {
            return await TalkInTurnsAsync(parsed, address, cancellationToken);
        }

        if (parsed.GetValue(_first))
        {
            throw ToolException.Usage("--first is for the side that writes first with --turns: add --turns, or leave --first out");
        }

        await using var pair = await OpenAsync(_chat.Fit(parsed, address), cancellationToken);
        ErrorLine.WriteBare(pair.IsBound ? $"waiting for the other side at {pair.Address}" : $"connected to {pair.Address}");
        using var screen = _chat.OpenScreen(parsed);
        return await new ChatClient(pair, screen, saysEnd: true).RunAsync(name: null, patience: null, cancellationToken);
    }

    private async Task<int> TalkInTurnsAsync(ParseResult parsed, Address address, CancellationToken cancellationToken)
    {
        var isFirst = parsed.GetValue(_first);
        using var fifo = TurnFifo.Open(address, isFirst);
        using var screen = _chat.OpenScreen(parsed);
        ErrorLine.WriteBare(
            isFirst
                ? $"waiting at {address} for a side that reads first: it is started without --first"
                : $"waiting at {address} for a side that writes first: it is started with --first");
        var block = _chat.BlockOf(parsed);
        return await new TurnTalk(fifo.Path, screen, block ?? TurnTalk.UsualBlock, fills: block is not null)
            .RunAsync(isFirst, cancellationToken);
    }

    private static async Task<Pair> OpenAsync(Address address, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Pair.ConnectAsync(address, cancellationToken: cancellationToken);
            }
            catch (FairleadException nobody) when (nobody.Code == ErrorCode.NotFound)
            {
                // This side is the first.
            }
            catch (FairleadException ending) when (ending.Code == ErrorCode.PeerGone && attempt < MostAttempts)
            {
                // The one that was there before is about to end, and its socket with it.
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
                continue;
            }

            try
            {
                return Pair.Bind(address);
            }
            catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists && attempt < MostAttempts)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}
