using System.CommandLine;
using System.CommandLine.Completions;

namespace Fairlead.Cli.Commands.Working;

/// <summary>The address of a work queue of this user on this machine.</summary>
internal sealed class QueueArgument
{
    private readonly Argument<string> _address = new("ADDRESS") { Description = "Address of the work queue, as its senders have it" };

    private QueueArgument() => _address.CompletionSources.Add(
        static _ => LiveAddresses.Of(["work-queue"]).Select(static address => new CompletionItem(address)));

    public static QueueArgument AddTo(ToolCommand command)
    {
        QueueArgument argument = new();
        command.Add(argument._address);
        return argument;
    }

    public ValueTask<WorkQueueControl> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        WorkQueueControl.ConnectAsync(Address.Parse(parsed.GetRequiredValue(_address)), cancellationToken);
}
