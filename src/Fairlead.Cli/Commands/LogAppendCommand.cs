using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Records, to a log.</summary>
internal sealed class LogAppendCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _sync = NewOption.Switch(
        "--sync", "Bring all of it to the disk before ending; ?sync=each does so with each record");
    private readonly Option<bool> _verbose = NewOption.Switch("--verbose", "Say on stderr which number each record got");

    public LogAppendCommand()
        : base("append", "Append records; a log that is not there is made")
    {
        _log = LogArguments.AddTo(this, reads: false);
        _payload = PayloadArguments.AddTo(this, "record");
        Add(_sync);
        Add(_verbose);
        Examples =
        [
            ("fairlead log append log://orders 'three apples'", "One record"),
            ("seq 1000 | fairlead log append log://orders -", "A record a line; several may append at once"),
            (
                "fairlead log append 'log:///var/log/orders?sync=each' --file order.json",
                "A file as one record, on the disk before this ends"),
            ("fairlead log append 'log://ticks?keep=1GiB&age=7d' -", "A log that is never larger, and forgets what is older"),
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
