using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Finds free ports.</summary>
internal sealed class PortCommand : ToolCommand
{
    private readonly Option<int> _count = NewOption.Number("--count", "Number of ports", 1, ushort.MaxValue);
    private readonly Option<(int First, int Last)?> _range = new("--range")
    {
        Description = "Range of numbers (default: the system chooses)",
        HelpName = "A-B",
        CustomParser = static result =>
        {
            if (TryParseRange(result.Tokens[0].Value, out var range))
            {
                return range;
            }

            result.AddError($"--range takes two ports, 5000-5999, not '{result.Tokens[0].Value}'");
            return null;
        },
    };
    private readonly Option<bool> _udp = NewOption.Switch("--udp", "UDP ports (default: TCP)");
    private readonly Option<bool> _hold = NewOption.Switch(
        "--hold", "Keep them bound until Ctrl-C or a signal: no other program gets them");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public PortCommand()
        : base("port", "Print ports that are free on every interface of this machine")
    {
        Add(_count);
        Add(_range);
        Add(_udp);
        Add(_hold);
        Add(_output);
        Examples =
        [
            ("port=$(fairlead port)", "One port, for a program that needs a number"),
            ("fairlead port --count 3 --range 5000-5999", "Three ports from this range"),
            ("fairlead port --udp --hold --range 5353-5353", "Keep a port from other programs, until Ctrl-C"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var isUdp = parsed.GetValue(_udp);
        var (count, range) = (parsed.GetValue(_count), parsed.GetValue(_range));
        using var reservation = isUdp ? PortReservation.Udp(count, range) : PortReservation.Tcp(count, range);
        foreach (var port in reservation.Ports)
        {
            StandardOutput.WriteLine(
                parsed.GetRequiredValue(_output) == "json"
                    ? JsonSerializer.Serialize(new PortLine(port, isUdp ? "udp" : "tcp"), OutputJson.Readable.PortLine)
                    : port.ToString(CultureInfo.InvariantCulture));
        }

        if (parsed.GetValue(_hold))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return ExitCode.Ok;
    }

    private static bool TryParseRange(string text, out (int First, int Last) range)
    {
        range = default;
        return text.Split('-') is [var first, var last]
            && ushort.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out ushort from)
            && ushort.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out ushort to)
            && from > 0
            && (range = (from, to)).First <= range.Last;
    }
}
