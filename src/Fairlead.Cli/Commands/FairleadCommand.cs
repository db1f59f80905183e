using System.CommandLine;
using System.CommandLine.Help;
using Fairlead.Cli.Commands.Calling;
using Fairlead.Cli.Commands.Certificates;
using Fairlead.Cli.Commands.Chatting;
using Fairlead.Cli.Commands.Locking;
using Fairlead.Cli.Commands.Logging;
using Fairlead.Cli.Commands.Messaging;
using Fairlead.Cli.Commands.Working;

namespace Fairlead.Cli.Commands;

/// <summary>The tree of commands. The root has an explicit name, since a <see cref="RootCommand"/> takes that of the assembly.</summary>
internal sealed class FairleadCommand : Command, IHasExamples
{
    private FairleadCommand()
        : base("fairlead", "Exchange messages, requests and publications between processes, over every IPC mechanism of Linux.")
    {
        foreach (var command in Groups.SelectMany(static group => group.Commands))
        {
            Add(command);
        }

        Add(new TourWorkerCommand());
        Add(new LabActorCommand());
        Add(new CompleteCommand());
        Add(new ManualCommand());
    }

    /// <summary>The commands, in the order of the help.</summary>
    public IReadOnlyList<(string Title, Command[] Commands)> Groups { get; } =
    [
        ("Getting started", [new TourCommand(), new LabCommand()]),
        ("Messages", [new SendCommand(), new ReceiveCommand(), new ListenCommand(), new ConnectCommand(), new ChatCommand()]),
        ("Requests and work", [new RequestCommand(), new ReplyCommand(), new SurveyCommand(), new WorkCommand()]),
        ("Publications and logs", [new PublishCommand(), new SubscribeCommand(), new LogCommand()]),
        (
            "Remote procedure calls",
            [new CallCommand(), new ServicesCommand(), new DescribeCommand(), new DiffCommand(), new MatchmakerCommand()]
        ),
        (
            "Locks and waits",
            [
                new LockCommand(), new SemaphoreCommand(), new EventCommand(), new BarrierCommand(), new ConditionCommand(),
                new LocksCommand(), new DeadlocksCommand(),
            ]
        ),
        ("Processes", [new SpawnCommand(), new SuperviseCommand(), new SignalCommand()]),
        ("Inspect", [new ListCommand(), new WatchCommand(), new InfoCommand(), new RemoveCommand()]),
        ("Small services", [new ServeCommand(), new GetCommand(), new BenchCommand()]),
        ("Networks", [new CertificateCommand(), new PortCommand(), new InterfacesCommand(), new ResolveCommand()]),
        ("Shells", [new CompletionCommand()]),
    ];

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead tour", "Watch processes talk over every transport and in every pattern"),
        ("fairlead receive unix://inbox", "In two shells: one receives …"),
        ("seq 3 | fairlead send unix://inbox -", "… and the other sends"),
        ("fairlead COMMAND --help", "Show the help of a command, with examples"),
    ];

    public static Command Create()
    {
        var help = new HelpOption("--help", "-h") { Description = "Show this help", Recursive = true };
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        FairleadCommand tool = new() { help, new VersionOption { Description = "Show the version" } };
        NameArguments(tool);
        return tool;
    }

    /// <summary>Lets the help show the name of each argument. The parser would show all values that complete it just now.</summary>
    private static void NameArguments(Command command)
    {
        foreach (var argument in command.Arguments)
        {
            argument.HelpName ??= argument.Name;
        }

        foreach (var below in command.Subcommands)
        {
            NameArguments(below);
        }
    }
}
