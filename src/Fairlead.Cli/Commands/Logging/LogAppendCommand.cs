using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>Appends records to a log.</summary>
internal sealed class LogAppendCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _sync = NewOption.Switch(
        "--sync", "Write everything to disk before exiting; ?sync=each does so for each record");
    private readonly Option<bool> _verbose = NewOption.Switch("--verbose", "Print the number of each record to stderr");

    public LogAppendCommand()
        : base("append", "Append records to a log, which is created if it does not exist")
    {
        _log = LogArguments.AddTo(this, reads: false);
        _payload = PayloadArguments.AddTo(this, "record");
        Add(_sync);
        Add(_verbose);
        Examples =
        [
            ("fairlead log append log://orders 'three apples'", "Append one record"),
            ("seq 1000 | fairlead log append log://orders -", "Append one record per line; several processes may append at the same time"),
            (
                "fairlead log append 'log:///var/log/orders?sync=each' --file order.json",
                "Append a file as one record, and write it to disk before exiting"),
            ("fairlead log append 'log://ticks?keep=1GiB&age=7d' -", "Keep at most 1 GiB and 7 days of records"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var records = _payload.ReadAsync(parsed, cancellationToken);
        using var log = _log.Open(parsed, create: true);
        await foreach (var record in records)
        {
            long number = log.Append(record.Span);
            if (parsed.GetValue(_verbose))
            {
                ErrorLine.WriteBare($"record {number}");
            }
        }

        if (parsed.GetValue(_sync))
        {
            log.Sync();
        }

        return ExitCode.Ok;
    }
}
