using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Commands.Logging;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Shows what the kernel knows about a System V segment.</summary>
internal sealed class InfoCommand : ToolCommand
{
    private readonly Argument<string> _segment = SegmentArgument.Create();
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public InfoCommand()
        : base("info", "Show what the kernel knows about a System V segment: owner, creator, attachments")
    {
        Add(_segment);
        Add(_output);
        Examples =
        [
            ("fairlead info sysv://0x5242", "Show everything, one fact per line"),
            ("fairlead info sysv://0x5242 --output json | jq .attached", "Print the number of attachments"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        SegmentLine line = SegmentLine.Of(SegmentArgument.Find(parsed.GetRequiredValue(_segment)));
        if (parsed.GetRequiredValue(_output) == "json")
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.SegmentLine));
            return Task.FromResult(ExitCode.Ok);
        }

        Say("segment", string.Create(CultureInfo.InvariantCulture, $"{line.Segment}, id {line.Id}"));
        Say("size", string.Create(CultureInfo.InvariantCulture, $"{line.Size} bytes"));
        Say("mode", line.Mode);
        Say("owner", string.Create(CultureInfo.InvariantCulture, $"user {line.Owner}, group {line.Group}"));
        Say("created by", string.Create(CultureInfo.InvariantCulture, $"process {line.CreatorPid} of user {line.Creator}"));
        Say("attached", string.Create(CultureInfo.InvariantCulture, $"{line.Attached} now"));
        Say("last used by", line.LastPid is { } last ? string.Create(CultureInfo.InvariantCulture, $"process {last}") : "no process yet");
        Say("last attached", Time(line.AttachedAt));
        Say("last detached", Time(line.DetachedAt));
        Say("changed", Time(line.ChangedAt));
        return Task.FromResult(ExitCode.Ok);
    }

    private static void Say(string what, string text) => StandardOutput.WriteLine($"{what,-13} {text}");

    private static string Time(DateTimeOffset? time) =>
        time is { } known ? known.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "never";
}
