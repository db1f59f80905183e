using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Diagnostics;
using Fairlead.Processes;
using Fairlead.Registry;

namespace Fairlead.Cli.Commands;

/// <summary>Sends a signal to a process or a group, or tests whether it exists.</summary>
internal sealed class SignalCommand : ToolCommand
{
    private readonly Argument<string?> _target = new("PID")
    {
        Description = "The process: PID, or PID@START, which never means a later process with the same number",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<string?> _signal = new("SIGNAL")
    {
        Description = "The signal: TERM, SIGTERM, 15, RTMIN+3 …",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _group = NewOption.Switch("--group", "PID is a process group: send to all its processes");
    private readonly Option<int?> _value = new("--value")
    {
        Description = "A number to send along, for programs that started with the signal blocked",
        HelpName = "N",
    };
    private readonly Option<bool> _probe = NewOption.Switch("--probe", "Send nothing; test if the process exists, and print its PID@START");
    private readonly Option<bool> _list = NewOption.Switch("--list", "Send nothing; list the signals of this machine: number, name");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public SignalCommand()
        : base("signal", "Send a signal to a process or a process group, or test whether it exists")
    {
        _target.CompletionSources.Add(static _ =>
            EndpointRegistry
                .List()
                .Where(static endpoint => !endpoint.IsInOtherNamespace && endpoint.ForkOf != endpoint.ProcessId)
                .Select(static endpoint => endpoint.ProcessId)
                .Distinct()
                .Select(static pid => new CompletionItem(pid.ToString(CultureInfo.InvariantCulture))));
        _signal.CompletionSources.Add("HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "ALRM", "TERM", "CONT", "STOP", "TSTP", "WINCH");
        Add(_target);
        Add(_signal);
        Add(_group);
        Add(_value);
        Add(_probe);
        Add(_list);
        Add(_output);
        Examples =
        [
            ("fairlead signal 4242 HUP", "Ask a daemon to reread its configuration"),
            ("who=$(fairlead signal --probe 4242 | cut -f 1)", "Get the identity of a process: 4242@1289734"),
            ("fairlead signal \"$who\" TERM", "Signal exactly that process; fail (exit 3) if its number has been reused"),
            ("fairlead signal --group 4242 TERM", "Signal a process group"),
            ("fairlead signal 4242 RTMIN+1 --value 42", "Send a number along"),
            ("fairlead signal --list", "List numbers and names, as kill -l does"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_list))
        {
            List(parsed);
            return Task.FromResult(ExitCode.Ok);
        }

        string target = parsed.GetValue(_target) ?? throw ToolException.Usage("a process is missing: PID, or PID@START");
        (int processId, long? start) = Target(target);
        Signal? signal = SignalOf(parsed.GetValue(_signal), parsed.GetValue(_probe));
        int? value = parsed.GetValue(_value);
        if (value is not null && (parsed.GetValue(_group) || signal is null))
        {
            throw ToolException.Usage(
                signal is null ? "--probe sends nothing: leave out --value" : "a group cannot be sent a --value");
        }

        SignalLine line = parsed.GetValue(_group) ? ToGroup(processId, start, signal) : ToProcess(processId, start, signal, value);
        if (parsed.GetRequiredValue(_output) == "json")
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.SignalLine));
        }
        else if (signal is null)
        {
            StandardOutput.WriteLine(line.Start is { } known ? $"{new ProcessIdentity(processId, known)}\t{line.Program}" : $"{processId}");
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private void List(ParseResult parsed)
    {
        bool isSent = parsed.GetValue(_target) is not null || parsed.GetValue(_value) is not null;
        if (isSent || parsed.GetValue(_group) || parsed.GetValue(_probe))
        {
            throw ToolException.Usage("--list sends nothing: leave out the process and the other options");
        }

        bool isJson = parsed.GetRequiredValue(_output) == "json";
        foreach (Signal signal in Signal.All)
        {
            StandardOutput.WriteLine(
                isJson
                    ? JsonSerializer.Serialize(new SignalNumberLine(signal.Number, signal.Name), OutputJson.Readable.SignalNumberLine)
                    : string.Create(CultureInfo.InvariantCulture, $"{signal.Number}\t{signal.Name}"));
        }
    }

    private static (int ProcessId, long? Start) Target(string text)
    {
        if (ProcessIdentity.TryParse(text, out ProcessIdentity identity))
        {
            return (identity.ProcessId, identity.Start);
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int processId) && processId > 0
            ? (processId, null)
            : throw ToolException.Usage($"'{text}' is not a process. Write its number, or PID@START as printed by --probe");
    }

    /// <summary>Returns the signal; null: send nothing.</summary>
    private static Signal? SignalOf(string? name, bool isProbe)
    {
        if (isProbe)
        {
            return name is null ? null : throw ToolException.Usage("--probe sends nothing: leave out the signal");
        }

        if (name is null)
        {
            throw ToolException.Usage("a signal is missing: TERM, HUP, USR1 …; to send nothing: --probe");
        }

        return Signal.Parse(name) is { Number: > 0 } signal
            ? signal
            : throw ToolException.Usage("0 is not a signal; to send nothing: --probe");
    }

    private static SignalLine ToProcess(int processId, long? start, Signal? signal, int? value)
    {
        using ProcessHandle process = start is { } known
            ? ProcessHandle.Open(new ProcessIdentity(processId, known))
            : ProcessHandle.Open(processId);
        SignalLine line = new()
        {
            Pid = processId,
            Start = process.Identity.Start,
            Program = process.Program,
            Group = false,
            Signal = signal?.Name,
            Value = value,
        };
        if (signal is { } given)
        {
            process.Send(given, value);
            return line;
        }

        SignalState state = Signals.StateOf(processId);
        return line with
        {
            Pending = Names(state.Pending),
            Blocked = Names(state.Blocked),
            Ignored = Names(state.Ignored),
            Caught = Names(state.Caught),
        };
    }

    private static SignalLine ToGroup(int group, long? start, Signal? signal)
    {
        if (group == 1)
        {
            throw ToolException.Usage("process group 1 cannot be used: to the kernel it means every process");
        }

        // While the group has a process, its number is not reused: only its first process can have it.
        ProcessIdentity? first = Signals.Exists(group) ? ProcessIdentity.Of(group) : null;
        if (start is not null && first is { } other && other.Start != start)
        {
            throw new ToolException(
                ExitCode.NotFound,
                $"the group of {group}@{start} has ended, and its number now belongs to {other}. Nothing was sent");
        }

        Signals.SendToGroup(group, signal ?? default);
        return new SignalLine { Pid = group, Start = first?.Start, Group = true, Signal = signal?.Name };
    }

    private static string[] Names(IEnumerable<Signal> signals) => [.. signals.Select(static signal => signal.Name)];
}
