using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Bench;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Compares the modes of a server by the same load.</summary>
internal sealed class BenchEchoCommand : ToolCommand
{
    // Rows are written as they are measured. A second has so many digits in microseconds.
    private const int Width = 10;

    private static readonly string[] Modes = ["iterative", "process", "multiplexed", "threads"];

    private readonly Option<string[]> _mode = new("--mode")
    {
        Description = "Measure only this mode; may be repeated",
        HelpName = string.Join('|', Modes),
    };
    private readonly Option<string> _at = new("--at")
    {
        Description = "Address of the server: tcp or unix",
        HelpName = "ADDRESS",
        DefaultValueFactory = static _ => "tcp://127.0.0.1:0",
    };
    private readonly Option<int> _clients = NewOption.Number("--clients", "Clients at the same time", 8, EchoLoad.MostClients);
    private readonly Option<int> _connections = NewOption.Number("--connections", "Connections of each client, one after another", 4);
    private readonly Option<int> _messages = NewOption.Number("--messages", "Questions on each connection", 500);
    private readonly Option<int> _size = NewOption.Number("--size", "Bytes of a question", 64);
    private readonly Option<string?> _chart = new("--chart")
    {
        Description = "Also draw the percentiles and the throughput into this file",
        HelpName = "FILE.svg",
    };
    private readonly Option<string> _output = NewOption.Output("table", "json");

    public BenchEchoCommand()
        : base("echo", "Compare servers that are iterative, multiplexed, or have a process or thread for each client")
    {
        _mode.AcceptOnlyFromAmong(Modes);
        Add(_mode);
        Add(_at);
        Add(_clients);
        Add(_connections);
        Add(_messages);
        Add(_size);
        Add(_chart);
        Add(_output);
        Examples =
        [
            ("fairlead bench echo", "A table: latency to the first answer, latency of a round trip, throughput"),
            ("fairlead bench echo --clients 32 --chart echo.svg", "More clients, and a picture"),
            ("fairlead bench echo --mode multiplexed --at unix://bench", "One mode, over a Unix socket"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Address address = parsed.GetRequiredValue(_at);
        if (address.Scheme is not ("tcp" or "unix"))
        {
            throw ToolException.Usage($"{address}: the modes differ over stream sockets. Use tcp:// or unix://");
        }

        EchoLoad load = new(
            parsed.GetValue(_clients), parsed.GetValue(_connections), parsed.GetValue(_messages), parsed.GetValue(_size));
        var isJson = parsed.GetRequiredValue(_output) == "json";
        Table table = new(
            new("MODE", Width: Modes.Max(static mode => mode.Length)),
            new("FIRST µs", IsNumber: true, Width),
            new("FIRST 99 %", IsNumber: true, Width),
            new("MEDIAN µs", IsNumber: true, Width),
            new("90 %", IsNumber: true, Width),
            new("99 %", IsNumber: true, Width),
            new("MAX", IsNumber: true, Width),
            new("ANSWERS/S", IsNumber: true, Width));
        List<EchoRow> rows = [];
        foreach (var mode in parsed.GetValue(_mode) is { Length: > 0 } chosen ? chosen.Distinct() : Modes)
        {
            var row = await MeasureAsync(mode, address, load, cancellationToken);
            rows.Add(row);
            if (isJson)
            {
                StandardOutput.WriteLine(JsonSerializer.Serialize(EchoLine.Of(row), OutputJson.Readable.EchoLine));
            }
            else
            {
                table.Stream(Cells(EchoLine.Of(row)));
            }
        }

        if (!isJson)
        {
            table.Write();
        }

        if (parsed.GetValue(_chart) is { } path)
        {
            var caption = string.Create(
                CultureInfo.InvariantCulture,
                $"Echo over {address.Scheme}: {load.Clients} clients, {load.Connections} × {load.Messages} questions of {load.Size} bytes");
            await File.WriteAllTextAsync(path, new EchoChart(rows, caption).Draw(), cancellationToken);
        }

        return ExitCode.Ok;
    }

    private static async Task<EchoRow> MeasureAsync(string mode, Address address, EchoLoad load, CancellationToken cancellationToken)
    {
        await using var server = await EchoServerProcess.StartAsync(address, mode, load.Clients, cancellationToken);
        var at = server.Address.With("framing", "none");

        // Without a rehearsal, the compilers of both processes and the first page faults would be measured.
        _ = (load with { Clients = 1, Connections = 2 }).Run(mode, at, cancellationToken);
        return load.Run(mode, at, cancellationToken);
    }

    private static Cell[] Cells(EchoLine line) =>
    [
        line.Mode,
        Number(line.FirstMedian),
        Number(line.FirstP99),
        Number(line.Median),
        Number(line.P90),
        Number(line.P99),
        Number(line.Longest),
        line.AnswersPerSecond.ToString("0", CultureInfo.InvariantCulture),
    ];

    private static string Number(double number) => number.ToString("0.0", CultureInfo.InvariantCulture);
}
