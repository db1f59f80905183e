using System.CommandLine;
using System.CommandLine.Help;

namespace Fairlead.Cli.Commands;

/// <summary>The tree of commands. The root has an explicit name, since a <see cref="RootCommand"/> takes that of the assembly.</summary>
internal sealed class FairleadCommand : Command, IHasExamples
{
    private FairleadCommand()
        : base("fairlead", "Exchange messages, requests and publications between processes, over every IPC mechanism of Linux.")
    {
        Add(new TourCommand());
        Add(new TourWorkerCommand());
        Add(new SendCommand());
        Add(new ReceiveCommand());
        Add(new RequestCommand());
        Add(new ReplyCommand());
        Add(new SurveyCommand());
        Add(new CallCommand());
        Add(new ServicesCommand());
        Add(new DescribeCommand());
        Add(new DiffCommand());
        Add(new MatchmakerCommand());
        Add(new WorkCommand());
        Add(new PublishCommand());
        Add(new SubscribeCommand());
        Add(new ListenCommand());
        Add(new ConnectCommand());
        Add(new ChatCommand());
        Add(new LabCommand());
        Add(new LabActorCommand());
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
        Add(new ServeCommand());
        Add(new GetCommand());
        Add(new BenchCommand());
        Add(new CertificateCommand());
        Add(new PortCommand());
        Add(new InterfacesCommand());
        Add(new ResolveCommand());
        Add(new CompletionCommand());
        Add(new CompleteCommand());
    }

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
