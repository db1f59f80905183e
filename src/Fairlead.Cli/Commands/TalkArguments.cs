using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>The common options of both ends of a duplex talk.</summary>
internal sealed class TalkArguments
{
    private readonly Option<bool> _keep = NewOption.Switch("--keep", "Continue at the end of stdin, until the other end closes or Ctrl-C");
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the received bytes, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after receiving this many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public static TalkArguments AddTo(ToolCommand command)
    {
        var arguments = new TalkArguments();
        command.Add(arguments._keep);
        command.Add(arguments._raw);
        command.Add(arguments._count);
        command.Add(arguments._output);
        return arguments;
    }

    /// <summary>Returns the settings. Without framing there are no messages: stdin and received bytes pass as they come.</summary>
    public Talk Read(ParseResult parsed, Address address)
    {
        var isStream = address.Option("framing") == "none";
        return new Talk(
            isStream ? new ChunkReader().ReadAsync : new LineReader().ReadAsync,
            MessageOutput.Of(isStream || parsed.GetValue(_raw), parsed.GetRequiredValue(_output)),
            parsed.GetValue(_count),
            // With a count, continue at the end of stdin: the requested messages are still to come.
            parsed.GetValue(_keep) || parsed.GetValue(_count) is not null);
    }
}
