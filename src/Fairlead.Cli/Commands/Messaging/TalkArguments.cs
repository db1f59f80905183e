using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>The common options of both ends of a duplex talk.</summary>
internal sealed class TalkArguments
{
    private readonly Option<bool> _keep = NewOption.Switch("--keep", "Continue at the end of stdin, until the other end closes or Ctrl-C");
    private readonly Option<bool> _close = NewOption.Switch(
        "--close", "Close at the end of stdin, when everything is sent; later replies are lost");
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the received bytes, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after receiving this many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    private bool _connects;

    /// <param name="command">The command.</param>
    /// <param name="connects">Whether it talks with one other end, whose replies it waits for.</param>
    public static TalkArguments AddTo(ToolCommand command, bool connects = false)
    {
        var arguments = new TalkArguments { _connects = connects };
        command.Add(arguments._keep);
        if (connects)
        {
            command.Add(arguments._close);
        }

        command.Add(arguments._raw);
        command.Add(arguments._count);
        command.Add(arguments._output);
        return arguments;
    }

    /// <summary>Refuses options that contradict each other, before anything is opened.</summary>
    public void Check(ParseResult parsed)
    {
        if (_connects && parsed.GetValue(_keep) && parsed.GetValue(_close))
        {
            throw ToolException.Usage("--keep continues at the end of stdin, and --close ends there: use only one of them");
        }
    }

    /// <summary>Returns the settings. Without framing there are no messages: stdin and received bytes pass as they come.</summary>
    public Talk Read(ParseResult parsed, Address address)
    {
        var isStream = address.Option("framing") == "none";
        var keeps = parsed.GetValue(_keep);
        var closes = _connects && parsed.GetValue(_close);
        // As nc does: the other end learns that stdin has ended, answers, and closes. With a count, the requested messages are still to
        // come, and they may be answers to what the other end takes for an open conversation.
        var tellsEnd = _connects && !keeps && !closes && parsed.GetValue(_count) is null && CanTellEnd(address);
        return new Talk(
            isStream ? new ChunkReader().ReadAsync : new LineReader().ReadAsync,
            MessageOutput.Of(isStream || parsed.GetValue(_raw), parsed.GetRequiredValue(_output)),
            parsed.GetValue(_count),
            keeps || tellsEnd || (parsed.GetValue(_count) is not null && !closes),
            tellsEnd);
    }

    /// <summary>
    /// Whether one direction of a connection can end alone: not under Fairlead's own protocol, and not between datagram sockets.
    /// </summary>
    private static bool CanTellEnd(Address address) =>
        address.Option("framing") is { } framing && framing != "fairlead" && address.Scheme is not ("udp" or "unixgram");
}
