using System.CommandLine;
using System.CommandLine.Help;

namespace Fairlead.Cli;

/// <summary>The tool's entry point.</summary>
internal static class Program
{
    public static int Main(string[] arguments) => Commands().Parse(arguments).Invoke();

    /// <summary>The command tree. Named here, since a <see cref="RootCommand"/> names itself after the assembly.</summary>
    private static Command Commands() => new("fairlead", "Talk between processes: messages, requests, publications.")
    {
        new HelpOption(),
        new VersionOption(),
    };
}
