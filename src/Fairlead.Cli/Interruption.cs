using System.Runtime.InteropServices;

namespace Fairlead.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP: the first cancels the token, so that endpoints close and names are given back; the second ends the process
/// at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _exitCode;

    public Interruption() =>
        _registrations = [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal =>
                PosixSignalRegistration.Create(signal, Handle)),
        ];

    public CancellationToken Token => _source.Token;

    /// <summary>Asked first, by who has a program of his own at the terminal: true, and the signal is nothing to this process.</summary>
    public static Func<PosixSignal, bool>? IsForAnother { get; set; }

    public bool HasHappened => ExitCode != 0;

    /// <summary>As shells tell it: 128 and the number of the first signal; 0 before there was one.</summary>
    public int ExitCode => Volatile.Read(ref _exitCode);

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (IsForAnother?.Invoke(context.Signal) == true)
        {
            return;
        }

        var before = Interlocked.CompareExchange(ref _exitCode, CodeOf(context.Signal), 0);
        if (before != 0)
        {
            Environment.Exit(before);
        }

        // Not here: what hangs on the token must not hold up the second signal.
        _source.CancelAsync();
    }

    private static int CodeOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => Cli.ExitCode.HungUp,
        PosixSignal.SIGTERM => Cli.ExitCode.Terminated,
        _ => Cli.ExitCode.Interrupted,
    };
}
