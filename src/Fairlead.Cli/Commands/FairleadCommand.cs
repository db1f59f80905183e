using System.CommandLine;
using System.CommandLine.Help;

namespace Fairlead.Cli.Commands;

/// <summary>The tree of commands. The root is named here, since a <see cref="RootCommand"/> names itself after the assembly.</summary>
internal sealed class FairleadCommand : Command, IHasExamples
{
    private FairleadCommand()
        : base("fairlead", "Talk between processes: messages, requests, publications, over every mechanism that Linux has.")
    {
        Add(new TourCommand());
        Add(new TourWorkerCommand());
        Add(new SendCommand());
        Add(new ReceiveCommand());
        Add(new RequestCommand());
        Add(new ReplyCommand());
        Add(new SurveyCommand());
        Add(new WorkCommand());
        Add(new PublishCommand());
        Add(new SubscribeCommand());
        Add(new ListenCommand());
        Add(new ConnectCommand());
        Add(new ChatCommand());
        Add(new LogCommand());
        Add(new LockCommand());
        Add(new SemaphoreCommand());
        Add(new EventCommand());
        Add(new BarrierCommand());
        Add(new ConditionCommand());
        Add(new LocksCommand());
        Add(new DeadlocksCommand());
        Add(new SpawnCommand());
        Add(new ListCommand());
        Add(new InfoCommand());
        Add(new RemoveCommand());
        Add(new SignalCommand());
        Add(new CompletionCommand());
        Add(new CompleteCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead tour", "See processes talk, over every transport and in every pattern"),
        ("fairlead receive unix://inbox", "Two shells: one receives …"),
        ("seq 3 | fairlead send unix://inbox -", "… the other sends"),
        ("fairlead COMMAND --help", "More about a command, with examples"),
    ];

    public static Command Create()
    {
        var help = new HelpOption("--help", "-h") { Description = "Show this help", Recursive = true };
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return new FairleadCommand { help, new VersionOption { Description = "Show the version" } };
    }
}
