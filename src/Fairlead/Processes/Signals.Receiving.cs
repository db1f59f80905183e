namespace Fairlead.Processes;

/// <content>Receiving signals.</content>
public static partial class Signals
{
    /// <summary>
    /// Listens for a signal from this call on. Until the enumeration ends, the signal has no other effect: SIGTERM and SIGINT do not end
    /// the process.
    /// </summary>
    /// <param name="signal">The signal.</param>
    /// <param name="cancellationToken">Cancels the enumeration, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// The stream to enumerate; it keeps the signals that arrive before that. Each call is a separate listener and gets all signals. A
    /// signal that the process was started with blocked has one listener at a time.
    /// </returns>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which no process can catch, or 0; or there is no signal.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the runtime needs the signal itself. AlreadyExists: it is blocked, and another listener of this process has it.
    /// </exception>
    public static IAsyncEnumerable<SignalInfo> ListenAsync(Signal signal, CancellationToken cancellationToken = default) =>
        ListenAsync([signal], cancellationToken);

    /// <summary>Listens for several signals from this call on.</summary>
    /// <inheritdoc cref="ListenAsync(Signal, CancellationToken)"/>
    /// <param name="signals">The signals.</param>
    /// <param name="cancellationToken">Cancels the enumeration, with an <see cref="OperationCanceledException"/>.</param>
    public static IAsyncEnumerable<SignalInfo> ListenAsync(
        IReadOnlyCollection<Signal> signals, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signals);
        if (signals.Count == 0)
        {
            throw new ArgumentException("Name at least one signal.", nameof(signals));
        }

        foreach (Signal signal in signals)
        {
            SignalDispositions.RequireOurs(signal);
        }

        return new SignalStream([.. signals.Distinct()], cancellationToken);
    }

    /// <summary>
    /// Calls a function on the thread pool whenever the signal arrives, one call after the other. While it is registered, the signal has no
    /// other effect.
    /// </summary>
    /// <param name="signal">The signal.</param>
    /// <param name="handler">The function. An exception that it throws ends the process, as on any thread.</param>
    /// <returns>Disposing it restores the previous state; a call that has begun may still run.</returns>
    /// <inheritdoc cref="ListenAsync(Signal, CancellationToken)" path="/exception"/>
    public static IDisposable Handle(Signal signal, Action<SignalInfo> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        SignalDispositions.RequireOurs(signal);
        return new SignalHandler(signal, handler);
    }

    /// <summary>Ignores the signal. Programs that this process starts ignore it too.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which no process can ignore, or 0.</exception>
    /// <exception cref="InvalidOperationException">A listener in this process has it.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the runtime needs the signal itself, or it is SIGCHLD, without which no program learns how a child ended.
    /// </exception>
    public static void Ignore(Signal signal) => SignalDispositions.Ignore(signal);

    /// <summary>
    /// Restores the default effect of a signal that this process ignores or inherited as ignored; with listeners, when the last of them has
    /// ended. An inherited ignored SIGTERM or SIGINT then ends the process immediately, as in a C program: the runtime, which would shut
    /// down in order, learned at its start to leave the signal alone.
    /// </summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, or 0.</exception>
    /// <exception cref="FairleadException">NotSupported: the runtime needs the signal itself.</exception>
    public static void RestoreDefault(Signal signal) => SignalDispositions.RestoreDefault(signal);

    /// <summary>Returns whether the signal is blocked in every thread of this process.</summary>
    public static bool IsBlocked(Signal signal) => BlockedSignals.Contains(signal);

    /// <summary>Blocks the signal again, in a process that was started with it blocked and has unblocked it.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which no process can block, or 0.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the process was not started with the signal blocked. Threads of the runtime would still receive it.
    /// </exception>
    public static void Block(Signal signal) => BlockedSignals.Block(signal);

    /// <summary>Unblocks a signal that the process was started with blocked: pending ones arrive immediately.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which are never blocked, or 0.</exception>
    /// <exception cref="InvalidOperationException">A listener in this process has it, and gets it while it is blocked.</exception>
    public static void Unblock(Signal signal) => BlockedSignals.Unblock(signal);
}
