using System.CommandLine;
using Fairlead.Cli.Commands.Logging;
using Fairlead.Cli.Output;
using Fairlead.Memory;

namespace Fairlead.Cli.Commands;

/// <summary>Removes a System V segment; nothing else but a restart of the machine does. Removing one in use needs a confirmation.</summary>
internal sealed class RemoveCommand : ToolCommand
{
    private readonly Argument<string> _segment = SegmentArgument.Create();
    private readonly Option<bool> _force = NewOption.Switch("--force", "Remove it without asking, even if it is attached");

    public RemoveCommand()
        : base("remove", "Remove a System V segment")
    {
        Add(_segment);
        Add(_force);
        Examples =
        [
            ("fairlead remove sysv://0x5242", "Remove it if unattached; otherwise ask, or fail without a terminal (exit 4)"),
            ("fairlead remove sysv://0x5242 --force", "Remove it although it is attached: attached processes keep the memory"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string text = parsed.GetRequiredValue(_segment);
        SystemVInfo segment = SegmentArgument.Find(text);
        if (segment.AttachedCount > 0 && !parsed.GetValue(_force))
        {
            string state = $"{text} is attached ({segment.AttachedCount}), last by process {segment.LastProcessId}";
            if (Console.IsInputRedirected || Console.IsErrorRedirected)
            {
                throw new ToolException(ExitCode.AlreadyExists, $"{state}. Nothing was removed. To remove it nevertheless: --force");
            }

            if (!await Terminal.ConfirmAsync(
                $"fairlead: {state}. Attached processes keep the memory, but no other can find it. Remove it? [y/N] ", cancellationToken))
            {
                return ExitCode.Failure;
            }
        }

        try
        {
            return SharedRegion.RemoveSystemV(segment.Key)
                ? ExitCode.Ok
                : throw new ToolException(ExitCode.NotFound, $"{text}: another process has removed it");
        }
        catch (FairleadException refused) when (refused.Code == ErrorCode.PermissionDenied)
        {
            throw new ToolException(
                ExitCode.PermissionDenied, $"{text} belongs to user {segment.OwnerUserId}: only that user and root may remove it");
        }
    }
}
