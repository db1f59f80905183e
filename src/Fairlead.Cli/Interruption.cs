using System.Runtime.InteropServices;

namespace Fairlead.Cli;

/// <summary>
/// Handles Ctrl-C, SIGTERM and SIGHUP. The first cancels the token: endpoints close and release their names. The second ends the process at
/// once.
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

    /// <summary>
    /// Asked first, for a command that handles a signal itself, or whose child owns the terminal: true if this process is not to end.
    /// </summary>
    public static Func<PosixSignal, bool>? IsForAnother { get; set; }

    public bool HasHappened => ExitCode != 0;

    /// <summary>The exit code, as in shells: 128 plus the number of the first signal; 0 before that.</summary>
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

        // Asynchronously: callbacks of the token must not delay the second signal.
        _source.CancelAsync();
    }

    private static int CodeOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => Cli.ExitCode.HungUp,
        PosixSignal.SIGTERM => Cli.ExitCode.Terminated,
        _ => Cli.ExitCode.Interrupted,
    };
}
