using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fairlead.Cli.Commands;

/// <summary>The parser's help, and below it the examples of the verb.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
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
