using System.CommandLine;
using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Commands;

/// <summary>The tour: processes that talk over every transport in every pattern, and a table of what arrived.</summary>
internal sealed class TourCommand : ToolCommand
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    private readonly Option<string?> _input = new("--input")
    {
        Description = "File to send instead of the built-in text; - for stdin",
        HelpName = "PATH",
    };
    private readonly Option<string[]> _transport = new("--transport")
    {
        Description = "Run only this transport, or locks; may be repeated",
        HelpName = "SCHEME",
    };
    private readonly Option<string?> _broker = new("--broker")
    {
        Description = "RabbitMQ for the rows over amqp (default: FAIRLEAD_BROKER; without one, they are left out)",
        HelpName = "HOST:PORT",
    };
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time in which a row makes no progress (default: a minute)");
    private readonly Option<string> _output = NewOption.Output("table", "json");

    public TourCommand()
        : base("tour", "Run processes that talk over every transport and pattern and share locks, and verify every byte")
    {
        _transport.AcceptOnlyFromAmong([.. TourGround.All.Select(static ground => ground.Name)]);
        Add(_input);
        Add(_transport);
        Add(_broker);
        Add(_timeout);
        Add(_output);
        Examples =
        [
            ("fairlead tour", "Send the built-in text around this machine"),
            ("fairlead tour --input photo.jpg", "Send a file of any kind and size"),
            ("fairlead tour --transport unix --output json", "Run one transport; print one JSON object per row"),
            ("fairlead tour --transport locks", "Run only the locks"),
            ("fairlead tour --transport amqp --broker localhost:5672", "Run the rows over a broker"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var source = TourSource.Open(parsed.GetValue(_input));
        var broker = parsed.GetValue(_broker) ?? Environment.GetEnvironmentVariable("FAIRLEAD_BROKER");
        TourGround[] grounds = parsed.GetValue(_transport) is { Length: > 0 } chosen
            ? [.. TourGround.All.Where(ground => chosen.Contains(ground.Name))]
            : [.. TourGround.All.Where(ground => !ground.NeedsBroker || !string.IsNullOrEmpty(broker))];
        if (string.IsNullOrEmpty(broker) && grounds.Any(static ground => ground.NeedsBroker))
        {
            throw ToolException.Usage("the rows over amqp need a broker: --broker HOST:PORT, or the variable FAIRLEAD_BROKER");
        }

        var limit = parsed.GetValue(_timeout) ?? DefaultLimit;
        var report = new TourReport(parsed.GetValue(_output) == "json", source.Cut);
        using TourCertificates? certificates = grounds.Any(static ground => ground.NeedsCertificates) ? new TourCertificates() : null;
        await using (var tour = new TourRun(source.Cut, limit, broker))
        {
            await foreach (var row in tour.RowsAsync(grounds, TourReport.Begin, cancellationToken))
            {
                report.Add(row);
            }
        }

        report.End(isWithoutBroker: string.IsNullOrEmpty(broker));
        return report.IsIntact ? ExitCode.Ok : ExitCode.Failure;
    }
}
