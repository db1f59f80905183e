using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Logs;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>Reports the content of a log, and whether it is intact.</summary>
internal sealed class LogInfoCommand : ToolCommand
{
    private readonly LogArguments _log;
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public LogInfoCommand()
        : base("info", "Read a whole log, and report its content, followers and damage")
    {
        _log = LogArguments.AddTo(this, reads: false);
        Add(_output);
        Examples =
        [
            ("fairlead log info log://orders", "Exit 0 if the log is intact, 1 if it is damaged"),
            ("fairlead log info log://orders --output json | jq '.positions[] | select(.behind > 1000)'", "List slow followers"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var log = _log.Open(parsed, create: false);
        var info = log.Info();
        if (parsed.GetRequiredValue(_output) == "json")
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(LogLine.Of(info), OutputJson.Readable.LogLine));
        }
        else
        {
            Write(info);
        }

        return Task.FromResult(info.Damages.Count == 0 ? ExitCode.Ok : ExitCode.Failure);
    }

    private static void Write(LogInfo info)
    {
        Say("log", info.Path);
        Say(
            "records",
            string.Create(CultureInfo.InvariantCulture, $"{info.Records}, of {info.Bytes} bytes, numbers {info.First} to {info.Next - 1}"));
        Say("time", info.FirstTime is { } first ? $"{Time(first)} to {Time(info.LastTime!.Value)}" : "none yet");
        Say("incomplete", string.Create(CultureInfo.InvariantCulture, $"{info.Voided} by dead appenders, {info.Unfinished} in progress"));
        Say("on disk", string.Create(CultureInfo.InvariantCulture, $"before {info.Synced}"));
        Say("segments", string.Create(CultureInfo.InvariantCulture, $"{info.Segments} of {info.SegmentSize} bytes"));
        foreach (var position in info.Positions)
        {
            string holder = position.IsHeld ? $", held by {position.HeldBy?.ToString() ?? "another process"}" : "";
            Say(
                "position",
                string.Create(CultureInfo.InvariantCulture, $"{position.Name}: next {position.Next}, {position.Behind} behind{holder}"));
        }

        foreach (var damage in info.Damages)
        {
            Say("damage", damage.Text);
        }

        Say("damaged", info.Damages.Count == 0 ? "nothing" : string.Create(CultureInfo.InvariantCulture, $"{info.Damages.Count} places"));
    }

    private static void Say(string what, string text) => StandardOutput.WriteLine($"{what,-13} {text}");

    private static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
