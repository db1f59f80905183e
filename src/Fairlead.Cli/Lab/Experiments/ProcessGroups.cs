using System.Globalization;
using System.Text.RegularExpressions;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Ctrl-C at a terminal: the kernel sends SIGINT to each process of the group in the foreground.</summary>
internal sealed partial class ProcessGroups : Experiment
{
    private const string Shell = "shell";
    private const string CtrlC = "\u0003";

    public override string Name => "process-groups";

    public override string Question => "How does Ctrl-C end a whole pipeline, and not the shell?";

    public override string Watch =>
        "The shell puts the pipeline into a separate process group, and gives the terminal to that group. "
        + "Ctrl-C reaches each process of it.";

    public override IReadOnlyList<Role> Roles => [];

    public override async Task PlayAsync(Director director)
    {
        // The program script makes a terminal, and types into it what arrives at its stdin.
        await using ChildProcess terminal = ChildProcess.Start(
            "script",
            ["-qec", "exec sh -i", "/dev/null"],
            new ChildProcessOptions
            {
                StandardInput = Redirection.Pipe,
                StandardOutput = Redirection.Pipe,
                TiedToParent = true,
                Environment = new Dictionary<string, string?> { ["SHELL"] = "/bin/sh", ["ENV"] = null, ["PS1"] = "$ " },
            });
        using StreamReader screen = new(terminal.StandardOutput);
        await using StreamWriter keys = new(terminal.StandardInput) { AutoFlush = true };
        keys.Write("echo shell $$\n");
        int shell = await ReadNumberAsync(director, screen, "shell");
        director.Seen(Shell, $"starts as pid {shell}", LabEventKind.Starts, shell);

        director.Says("types: sleep 1000 | sleep 1000 | sleep 1000");
        keys.Write("sleep 1000 | sleep 1000 | sleep 1000\n");
        int[] members = [];
        await director.UntilAsync(
            () =>
            {
                members = ProcState.ChildrenOf(shell);
                return members.Length == 3
                    && Array.TrueForAll(members, each => ProcState.CommandOf(each) == "sleep")
                    && ProcState.ForegroundOf(shell) == ProcState.GroupOf(members[0]);
            },
            "the pipeline runs in the foreground");
        int? group = ProcState.GroupOf(members[0]);
        bool isOneGroup = Array.TrueForAll(members, each => ProcState.GroupOf(each) == group);
        bool isAnother = ProcState.GroupOf(shell) != group;
        for (int i = 0; i < members.Length; i++)
        {
            director.Seen(LaneOf(i), $"runs in group {group}, in the foreground", LabEventKind.Starts, members[i]);
        }

        director.Seen(Shell, $"waits in group {ProcState.GroupOf(shell)}");
        director.Says("types Ctrl-C: the byte 0x03");
        keys.Write(CtrlC);
        for (int i = 0; i < members.Length; i++)
        {
            director.Report(LabEventKind.Signals, Signal.Interrupt.Name, LaneOf(i));
        }

        await director.UntilAsync(() => Array.TrueForAll(members, static each => ProcState.Of(each) is null), "the pipeline has ended");
        for (int i = 0; i < members.Length; i++)
        {
            director.Seen(LaneOf(i), "has ended", LabEventKind.Ends, members[i]);
        }

        await director.UntilAsync(() => ProcState.ForegroundOf(shell) == ProcState.GroupOf(shell), "the shell has its terminal again");
        director.Seen(Shell, "has the foreground again");
        bool lives = ProcState.Of(shell) is not (null or 'Z');
        keys.Write("echo status $?\n");
        int status = await ReadNumberAsync(director, screen, "status");
        director.Seen(Shell, $"prints status {status}: 128 + 2, SIGINT");
        keys.Write("exit\n");
        await director.WaitAsync(terminal.ExitAsync(), "the shell ends");
        director.Seen(Shell, "has ended", LabEventKind.Ends, shell);
        director.Claim(
            "The pipeline is one group, and the shell is in another.",
            isOneGroup && isAnother,
            string.Create(CultureInfo.InvariantCulture, $"three processes in group {group}, the shell in another one"));
        director.Claim("SIGINT has ended the pipeline.", status == 128 + 2, $"the shell reports {status}");
        director.Claim("The shell lives on.", lives, "it executed two more commands");
    }

    private static string LaneOf(int member) => string.Create(CultureInfo.InvariantCulture, $"sleep {member + 1}");

    /// <summary>
    /// Reads the terminal until a line ends with a word and a number. A prompt may stand before them; the echo of the command has no
    /// number.
    /// </summary>
    private static async Task<int> ReadNumberAsync(Director director, StreamReader screen, string word)
    {
        while (true)
        {
            Task<string?> reading = screen.ReadLineAsync();
            await director.WaitAsync(reading, $"the shell prints its {word}");
            string line = await reading ?? throw new ToolException(ExitCode.Failure, $"the shell ended before it printed its {word}");
            if (WordAndNumber().Match(line) is { Success: true } match && match.Groups[1].Value == word)
            {
                return int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }
    }

    [GeneratedRegex(@"\b([a-z]+) (\d+)\s*$")]
    private static partial Regex WordAndNumber();
}
