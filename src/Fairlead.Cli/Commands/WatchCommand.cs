using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Diagnostics;

namespace Fairlead.Cli.Commands;

/// <summary>Tells which endpoints come to an address, and which leave it.</summary>
internal sealed class WatchCommand : ToolCommand
{
    private readonly Argument<string> _address = new("ADDRESS") { Description = "Address whose endpoints to watch" };
    private readonly Option<bool> _all = NewOption.Switch("--all", "Also tell of connecting endpoints");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many changes");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public WatchCommand()
        : base("watch", "Tell which endpoints come to an address, and which leave it")
    {
        _address.CompletionSources.Add(static _ => LiveAddresses.Of([]).Select(static address => new CompletionItem(address)));
        Add(_address);
        Add(_all);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead watch unix://calc", "Print what is bound there, and each change: came or left, with the process"),
            ("fairlead watch unix://calc --count 1", "Wait until a process serves the address"),
            ("fairlead watch unix://feed --all --output json", "Publishers and subscribers of a name, as one JSON object per change"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var address = Address.Parse(parsed.GetRequiredValue(_address));
        var all = parsed.GetValue(_all);
        var left = parsed.GetValue(_count) ?? long.MaxValue;
        var isJson = parsed.GetRequiredValue(_output) == "json";
        Dictionary<(int, DateTimeOffset, string, bool), EndpointInfo> known = [];
        await foreach (var endpoints in EndpointRegistry.WatchAsync(address, cancellationToken))
        {
            var now = endpoints
                .Where(endpoint => all || endpoint.IsBound)
                .DistinctBy(KeyOf)
                .ToDictionary(KeyOf);
            PresenceLine[] changes =
            [
                .. known.Where(one => !now.ContainsKey(one.Key)).Select(static one => PresenceLine.Of("left", one.Value)),
                .. now.Where(one => !known.ContainsKey(one.Key)).Select(static one => PresenceLine.Of("came", one.Value)),
            ];
            known = now;
            foreach (var change in changes)
            {
                StandardOutput.WriteLine(isJson ? JsonSerializer.Serialize(change, OutputJson.Readable.PresenceLine) : Text(change));
                if (--left == 0)
                {
                    return ExitCode.Ok;
                }
            }
        }

        return ExitCode.Ok;
    }

    private static (int ProcessId, DateTimeOffset Since, string Kind, bool IsBound) KeyOf(EndpointInfo endpoint) =>
        (endpoint.ProcessId, endpoint.Since, endpoint.Kind, endpoint.IsBound);

    private static string Text(PresenceLine line) => string.Join(
        '\t',
        line.Change,
        line.Endpoint,
        line.Bound ? line.Kind : $"{line.Kind}, connected",
        line.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        VisibleText.OneLine(line.Program));
}
