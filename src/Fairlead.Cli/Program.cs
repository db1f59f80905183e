using System.CommandLine;
using System.Runtime.InteropServices;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Output;
using Fairlead.Processes;
using Fairlead.RabbitMQ;

namespace Fairlead.Cli;

/// <summary>The tool's entry point: parses, runs, and turns every failure into one line and an exit code.</summary>
internal static class Program
{
    // SIGXFSZ.
    private const int FileSizeExceeded = 25;

    public static int Main(string[] arguments)
    {
        RabbitMqTransport.Register();

        // A file at the limit of file sizes (ulimit -f) is an error to report. Programs that the tool starts have the default action.
        using var fileSize = PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, static context => context.Cancel = true);

        // An argument that begins with @ is a text like any other, not the name of a response file.
        var parsed = FairleadCommand.Create().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (arguments.Length == 0)
        {
            return ShowHelp();
        }

        if (UsageError.Problem(parsed) is { } problem)
        {
            ErrorLine.Write(problem);
            return ExitCode.Usage;
        }

        // As pid 1 of a container, it inherits what the programs that it starts leave behind.
        using var adopted = ChildProcess.CollectAdopted();
        using var interruption = new Interruption();
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return parsed.InvokeAsync(configuration, interruption.Token).GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            return ErrorLine.Report(exception, interruption);
        }
    }

    /// <summary>Handles the bare command, a usage error: prints the help to stderr.</summary>
    private static int ShowHelp()
    {
        using var help = new StringWriter();
        FairleadCommand.Create().Parse(["--help"]).Invoke(new InvocationConfiguration { Output = help });
        StandardError.Write(help.ToString());
        return ExitCode.Usage;
    }
}
