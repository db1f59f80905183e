using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>Prints the records that a log has now.</summary>
internal sealed class LogReplayCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the records, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many records");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public LogReplayCommand()
        : base("replay", "Print the records of a log, without waiting for more")
    {
        _log = LogArguments.AddTo(this, reads: true);
        Add(_raw);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead log replay log://orders", "Print all records"),
            ("fairlead log replay log://orders --from 1000 --count 10", "Print ten records, by number"),
            ("fairlead log replay log://orders --from '2026-11-20 12:00'", "Print the records since a time"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        long count = parsed.GetValue(_count) ?? long.MaxValue;
        using var log = _log.Open(parsed, create: false);
        foreach (var record in log.Replay(_log.From(parsed)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            output.Write(record.Span, () => RecordLine.Of(record));
            if (--count == 0)
            {
                break;
            }
        }

        return Task.FromResult(ExitCode.Ok);
    }
}
