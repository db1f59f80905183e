using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Processes;

namespace Fairlead.Cli.Commands;

/// <summary>Starts a program as a child: in a new group, tied, with a channel.</summary>
internal sealed class SpawnCommand : ToolCommand
{
    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "The command and its arguments, after --",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<bool> _group = NewOption.Switch("--group", "Start it in a new process group");
    private readonly Option<bool> _session = NewOption.Switch("--session", "Start it in a new session, without the terminal");
    private readonly Option<bool> _tied = NewOption.Switch("--tied", "Have the kernel kill it when this command ends in any way");
    private readonly SpawnSetting _setting;
    private readonly SpawnChannel _channel;
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public SpawnCommand()
        : base("spawn", "Start a program in a group, tied, or with a channel; exit with its status")
    {
        Add(_command);
        Add(_group);
        Add(_session);
        Add(_tied);
        _setting = SpawnSetting.AddTo(this);
        _channel = SpawnChannel.AddTo(this);
        Add(_output);
        Examples =
        [
            ("fairlead spawn --group -- make -j8", "Print its process ID and group to stderr: pid 4242, group 4242"),
            ("fairlead spawn --tied --directory /srv --env PORT=8080 -- ./server", "End it with this command, even by kill -9"),
            (
                "seq 3 | fairlead spawn --channel duplex --framing line -- sh -c 'tr 0-9 a-j <&3 >&3'",
                "Talk to a program over its descriptor 3"),
            ("fairlead spawn --block TERM --ignore HUP -- ./worker", "Start it with signals blocked or ignored"),
            ("fairlead spawn --output json -- true", "Print a JSON object when it starts, and one when it has ended"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] command = parsed.GetRequiredValue(_command);
        var options = _channel.Apply(
            parsed,
            _setting.Apply(
                parsed,
                new ChildProcessOptions
                {
                    TiedToParent = parsed.GetValue(_tied),
                    Group = parsed.GetValue(_session) ? ProcessGroup.NewSession
                        : parsed.GetValue(_group) ? ProcessGroup.New
                        : ProcessGroup.Inherited,
                }));
        bool isJson = parsed.GetRequiredValue(_output) == "json";
        await using var child = ChildProcess.Start(command[0], command[1..], options);
        Say(
            isJson,
            new SpawnLine { Pid = child.Id, Group = child.Group },
            string.Create(CultureInfo.InvariantCulture, $"pid {child.Id}, group {child.Group}"));

        // Ctrl-C at a terminal has already reached a child in this group, and it decides what to do: an editor or an interpreter does not
        // end.
        using var terminal = options.Group == ProcessGroup.Inherited ? ControllingTerminal.TryOpen() : null;
        Interruption.IsForAnother = signal => signal == PosixSignal.SIGINT && terminal?.Foreground == ControllingTerminal.OwnGroup;

        using var passing = cancellationToken.Register(() => PassOn(child, options.Group == ProcessGroup.Inherited));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var talking = _channel.TalkAsync(parsed, child, end.Token);
        var exit = await child.ExitAsync(CancellationToken.None);
        if (exit is ChildExit.Killed killed)
        {
            ErrorLine.Write($"{command[0]} was {killed}");
        }

        // Its messages are still printed; messages to it are lost, and that is told.
        var hasReadAll = await _channel.EndAsync(parsed, talking, end);
        if (isJson)
        {
            Say(
                isJson,
                new SpawnLine
                {
                    Pid = child.Id,
                    Group = child.Group,
                    Exit = (exit as ChildExit.Exited)?.Code,
                    Signal = (exit as ChildExit.Killed)?.Signal.Name,
                },
                "");
        }

        return exit.ShellCode == ExitCode.Ok && !hasReadAll ? ExitCode.PeerGone : exit.ShellCode;
    }

    /// <summary>
    /// Passes SIGTERM on. A stopped child, as after reading from the terminal in the background, ends only when it continues.
    /// </summary>
    private static void PassOn(ChildProcess child, bool isAlone)
    {
        foreach (var signal in new[] { Signal.Terminate, Signal.Continue })
        {
            _ = isAlone ? child.Send(signal) : child.SendToGroup(signal);
        }
    }

    private static void Say(bool isJson, SpawnLine line, string text)
    {
        if (isJson)
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.SpawnLine));
        }
        else
        {
            ErrorLine.WriteBare(text);
        }
    }
}
