// A small shell with job control: pipelines, redirection, jobs in the background, and a terminal that is handed to one job at a time.
//
//   dotnet run --project samples/Shell                  at a terminal: Ctrl-C and Ctrl-Z reach only the job in the foreground
//   echo 'seq 3 | wc -l' | dotnet run --project samples/Shell
//
// Built in: cd [DIRECTORY], exit [STATUS], jobs, fg [%N], bg [%N], wait [%N]. A line may have | < > >> 2> 2>&1 & ; quotes, $NAME and $?.
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Fairlead;
using Fairlead.Processes;
using Microsoft.Win32.SafeHandles;

// The base library does not have SIGTSTP on every system.
[assembly: SupportedOSPlatform("linux")]

using ControllingTerminal? terminal = Console.IsInputRedirected ? null : ControllingTerminal.TryOpen();
using Shell shell = new(terminal);

// At a terminal the keys are for the jobs. A shell that they stopped or ended could not take the terminal back.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => shell.Interrupt(context));
using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = terminal is not null);
using PosixSignalRegistration stop = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context => context.Cancel = terminal is not null);

// Reads byte by byte: the bytes after the line may be input of the program that it starts.
using FileStream input = new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
while (!shell.IsOver)
{
    shell.Prompt();
    if (ReadLine(input) is not { } line)
    {
        shell.End();
        break;
    }

    shell.Run(line);
}

return shell.Status;

static string? ReadLine(Stream input)
{
    List<byte> line = [];
    for (int next; (next = input.ReadByte()) != '\n';)
    {
        if (next < 0)
        {
            return line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
        }

        line.Add((byte)next);
    }

    return Encoding.UTF8.GetString([.. line]);
}
