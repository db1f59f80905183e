using System.CommandLine;
using Fairlead.Cli.Lab;

namespace Fairlead.Cli.Commands;

/// <summary>Hidden: a process of an experiment, started by it. It ends when its stdin ends.</summary>
internal sealed class LabActorCommand : ToolCommand
{
    public const string Verb = "lab-actor";

    private readonly Argument<string> _experiment = new("EXPERIMENT");
    private readonly Argument<string> _role = new("ROLE");
    private readonly Argument<string> _folder = new("FOLDER");

    public LabActorCommand()
        : base(Verb, "A process of an experiment")
    {
        Hidden = true;
        Add(_experiment);
        Add(_role);
        Add(_folder);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var experiment = Catalogue.Find(parsed.GetRequiredValue(_experiment));
        var role = parsed.GetRequiredValue(_role);
        Actor.Play(
            experiment.Roles.FirstOrDefault(one => one.Name == role)
                ?? throw ToolException.Usage($"'{role}' is not a role of {experiment.Name}"),
            parsed.GetRequiredValue(_folder));
        return Task.FromResult(ExitCode.Ok);
    }
}
