using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fairlead.Cli.Commands;

/// <summary>The overview of the tool, or the parser's help for a command, followed by examples.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>With fewer columns the parser's help fails or never ends; the terminal wraps its lines then.</summary>
    private const int NarrowestHelp = 40;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        if (!Console.IsOutputRedirected)
        {
            help.MaxWidth = Math.Max(NarrowestHelp, Console.WindowWidth);
        }

        if (parseResult.CommandResult.Command is FairleadCommand tool)
        {
            Overview.Write(tool, parseResult.InvocationConfiguration.Output, help.MaxWidth);
        }
        else
        {
            help.Invoke(parseResult);
        }

        if (parseResult.CommandResult.Command is IHasExamples { Examples: { Count: > 0 } examples })
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var (line, what) in examples)
            {
                output.WriteLine($"  # {what}");
                output.WriteLine($"  {line}");
            }

            output.WriteLine();
        }

        return ExitCode.Ok;
    }
}
