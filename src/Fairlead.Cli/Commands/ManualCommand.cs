using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Fairlead.Cli.Manual;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Hidden: writes the manual pages into a directory. <c>eng/package-tool.sh</c> calls it.</summary>
internal sealed class ManualCommand : ToolCommand
{
    public const string Verb = "manual-pages";

    private readonly Argument<string> _directory = new("DIRECTORY");
    private readonly Argument<string> _date = new("DATE") { Description = "The date on the pages, such as 2026-11-30" };

    public ManualCommand()
        : base(Verb, "Write the manual pages")
    {
        Hidden = true;
        Add(_directory);
        Add(_date);
        _date.Validators.Add(static result =>
        {
            var date = result.Tokens[0].Value;
            if (!DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                result.AddError($"'{date}' is not a date: write it like 2026-11-30");
            }
        });
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateDirectory(parsed.GetRequiredValue(_directory));
        var version = typeof(ManualCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        ManualPages pages = new((FairleadCommand)FairleadCommand.Create(), version.Split('+')[0], parsed.GetRequiredValue(_date));
        foreach (var (file, text) in pages.All())
        {
            File.WriteAllText(Path.Combine(directory.FullName, file), text);
        }

        return Task.FromResult(ExitCode.Ok);
    }
}
