using System.CommandLine;
using System.Text.Json;
using Fairlead.Cli.Commands.Calling;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Cli.Services;

namespace Fairlead.Cli.Commands;

/// <summary>Asks a server for date and time.</summary>
internal sealed class GetCommand : ToolCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly Argument<string[]> _words = new("SERVICE ADDRESS")
    {
        Description = "date, daytime or time, and an address; or shmtime",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<int?> _key = ServiceArguments.Key();
    private readonly Option<string?> _zone = ServiceArguments.Zone();
    private readonly Option<TimeSpan?> _wait = NewOption.Duration("--wait", "Wait this long for a server instead of failing immediately");
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Time limit for the answer (default: 5s)");
    private readonly Option<bool> _verbose = NewOption.Switch("--verbose", "Print both ends of the connection on stderr");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public GetCommand()
        : base("get", "Ask a server for date and time: date, daytime, time or shmtime")
    {
        _words.CompletionSources.Add("date", "daytime", "time", "shmtime");
        Add(_words);
        Add(_key);
        Add(_zone);
        Add(_wait);
        Add(_timeout);
        Add(_verbose);
        Add(_output);
        Examples =
        [
            ("fairlead get date tcp://127.0.0.1:5242", "Ask a server over TCP for date and time"),
            ("fairlead get time udp://127.0.0.1:37 --zone UTC", "Ask a server of RFC 868 for the time"),
            ("fairlead get shmtime --key 5278", "Ask a clock in a System V segment"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var words = parsed.GetRequiredValue(_words);
        var limit = parsed.GetValue(_timeout) ?? DefaultTimeout;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wait = parsed.GetValue(_wait) ?? TimeSpan.Zero;
        end.CancelAfter(limit + wait);
        try
        {
            var line = words[0] == "shmtime"
                ? AskMemory(ServiceArguments.KeyOf(parsed.GetValue(_key), words), wait, end.Token)
                : await AskAsync(parsed, words, new EndpointOptions { ConnectTimeout = wait }, end.Token);
            StandardOutput.WriteLine(
                parsed.GetRequiredValue(_output) == "json"
                    ? JsonSerializer.Serialize(line, OutputJson.Readable.TimeLine)
                    : VisibleText.OneLine(line.Text));
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.Timeout,
                $"{string.Join(' ', words)}: no answer arrived within {DurationText.Describe(limit)}. The server may be stopped, or busy");
        }
    }

    private static TimeLine AskMemory(int key, TimeSpan wait, CancellationToken cancellationToken) =>
        new("shmtime", $"sysv://0x{key:x}", SharedClock.Ask(key, wait, cancellationToken), null);

    private async Task<TimeLine> AskAsync(
        ParseResult parsed, string[] words, EndpointOptions options, CancellationToken cancellationToken)
    {
        if (words is not [var name, var place])
        {
            throw ToolException.Usage("one service and one address are needed: get date tcp://127.0.0.1:5242");
        }

        var kind = ServiceArguments.KindOf(name);
        if (kind is not (ServiceKind.Date or ServiceKind.Daytime or ServiceKind.Time))
        {
            throw ToolException.Usage($"{name} is not a time service; talk with it: fairlead connect '{place}?framing=none'");
        }

        var answer = await TimeClient.AskAsync(
            kind,
            place,
            options,
            connected =>
            {
                if (parsed.GetValue(_verbose))
                {
                    ErrorLine.WriteBare($"connected to {PeerText.Of(connected)}");
                }
            },
            cancellationToken);
        return new TimeLine(
            name,
            place,
            TimeClient.Text(kind, answer, ServiceArguments.ZoneOf(parsed.GetValue(_zone))),
            kind == ServiceKind.Time ? TimeTexts.MomentOf(answer) : null);
    }
}
