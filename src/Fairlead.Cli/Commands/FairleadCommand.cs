using System.CommandLine;
using System.CommandLine.Help;

namespace Fairlead.Cli.Commands;

/// <summary>The tree of commands. The root is named here, since a <see cref="RootCommand"/> names itself after the assembly.</summary>
internal static class FairleadCommand
{
    public static Command Create()
    {
        var help = new HelpOption("--help", "-h") { Description = "Show this help", Recursive = true };
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return new Command("fairlead", "Talk between processes: messages, requests, publications, over every mechanism that Linux has.")
        {
            new TourCommand(),
            new TourWorkerCommand(),
            new SendCommand(),
            new ReceiveCommand(),
            new RequestCommand(),
            new ReplyCommand(),
            new PublishCommand(),
            new SubscribeCommand(),
            new ListenCommand(),
            new ConnectCommand(),
            new ListCommand(),
            new CompletionCommand(),
            new CompleteCommand(),
            help,
            new VersionOption { Description = "Show the version" },
        };
    }
}
