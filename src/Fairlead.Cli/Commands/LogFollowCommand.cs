using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Logs;

namespace Fairlead.Cli.Commands;

/// <summary>Records of a log as they come, to stdout.</summary>
internal sealed class LogFollowCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly Option<string?> _position = new("--position")
    {
        Description = "Begin where the last one of this name ended, and keep under it how far this one comes",
        HelpName = "NAME",
    };
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write the records' bytes alone, without newlines between");
    private readonly Option<long?> _count = NewOption.Count("End after so many records");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("How long a record may take to come");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public LogFollowCommand()
        : base("follow", "Write the records of a log, and wait for more")
    {
        _log = LogArguments.AddTo(this, reads: true);
        Add(_position);
        Add(_raw);
        Add(_count);
        Add(_timeout);
        Add(_output);
        Examples =
        [
            ("fairlead log follow log://orders", "All that there is, and all that comes"),
            ("fairlead log follow log://orders --from end", "What comes"),
            ("fairlead log follow log://orders --position billing", "Goes on where it was ended, be it by kill -9"),
            ("fairlead log follow log://orders --output json | jq .sequence", "With number, time and appender, for programs"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        var (count, timeout, name) = (parsed.GetValue(_count) ?? long.MaxValue, parsed.GetValue(_timeout), parsed.GetValue(_position));
        using var log = _log.Open(parsed, create: false);
        using var follower = log.Follow(name, _log.From(parsed));
        long missed = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (; count > 0; count--)
        {
            end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
            LogRecord record;
            try
            {
                record = await follower.ReadAsync(end.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new FairleadException(ErrorCode.Timeout, $"no record came within {DurationText.Describe(timeout!.Value)}")
                {
                    Address = log.Address,
                };
            }

            if (follower.Missed > missed)
            {
                ErrorLine.Write($"{follower.Missed - missed} records had been removed, being old");
                missed = follower.Missed;
            }

            output.Write(record.Span, () => RecordLine.Of(record));
            if (name is not null)
            {
                follower.Commit();
            }
        }

        return ExitCode.Ok;
    }
}
