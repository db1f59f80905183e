using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Logs;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>Prints the records of a log as they arrive.</summary>
internal sealed class LogFollowCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly Option<string?> _position = new("--position")
    {
        Description = "Continue from the position saved under this name, and save the new position",
        HelpName = "NAME",
    };
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the records, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many records");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait for a record");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public LogFollowCommand()
        : base("follow", "Print the records of a log and wait for more")
    {
        _log = LogArguments.AddTo(this, reads: true);
        Add(_position);
        Add(_raw);
        Add(_count);
        Add(_timeout);
        Add(_output);
        Examples =
        [
            ("fairlead log follow log://orders", "Print all existing and new records"),
            ("fairlead log follow log://orders --from end", "Print new records only"),
            ("fairlead log follow log://orders --position billing", "Continue where the last run stopped, even by kill -9"),
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
                throw new FairleadException(ErrorCode.Timeout, $"no record arrived within {DurationText.Describe(timeout!.Value)}")
                {
                    Address = log.Address,
                };
            }

            if (follower.Missed > missed)
            {
                ErrorLine.Write($"{follower.Missed - missed} records were missed: they had been removed for their age");
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
