using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>Passes on to a child what this process is sent, those too that come before there is a child.</summary>
internal sealed class SignalPassing : IDisposable
{
    private static readonly Signal[] Passed =
    [
        Signal.Hangup,
        Signal.Interrupt,
        Signal.Quit,
        Signal.User1,
        Signal.User2,
        Signal.Alarm,
        Signal.Terminate,
    ];

    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _gate = new();
    private readonly List<Signal> _early = [];
    private ChildProcess? _child;

    public SignalPassing() =>
        _registrations = [
            .. Passed.Select(signal => PosixSignalRegistration.Create((PosixSignal)signal.Number, context => Take(context, signal))),
        ];

    /// <summary>From now on to this one, which is in the process group of this process.</summary>
    public void To(ChildProcess child)
    {
        lock (_gate)
        {
            _child = child;
            foreach (var signal in _early)
            {
                _ = child.Send(signal);
            }
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Take(PosixSignalContext context, Signal signal)
    {
        context.Cancel = true;

        // What the keyboard makes goes to all of the group that the terminal listens to: the child has it already, and is not to have it
        // twice.
        if (signal == Signal.Interrupt || signal == Signal.Quit)
        {
            if (HasTerminal())
            {
                return;
            }
        }

        lock (_gate)
        {
            if (_child is null)
            {
                _early.Add(signal);
            }
            else
            {
                _ = _child.Send(signal);
            }
        }
    }

    /// <summary>Whether this process is in the foreground of its terminal.</summary>
    private static bool HasTerminal()
    {
        // Behind the name, which may hold anything: state, parent, group, session, terminal, its foreground group.
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return int.Parse(fields[2], CultureInfo.InvariantCulture) == int.Parse(fields[5], CultureInfo.InvariantCulture);
    }
}
