using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>Passes signals of this process on to a child, also those that arrive before the child has started.</summary>
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

    /// <summary>Passes signals to this child from now on. It is in the process group of this process.</summary>
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

        // Signals of the keyboard go to the whole foreground group: the child has it already, and must not get it twice.
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

    /// <summary>Returns whether this process is in the foreground of its terminal.</summary>
    private static bool HasTerminal()
    {
        // After the name, which may contain anything: state, parent, group, session, terminal, its foreground group.
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return int.Parse(fields[2], CultureInfo.InvariantCulture) == int.Parse(fields[5], CultureInfo.InvariantCulture);
    }
}
