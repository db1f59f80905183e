namespace Fairlead.Processes;

/// <content>What happens when one comes.</content>
public static partial class Signals
{
    /// <summary>
    /// The signals that come from this call on. Until the enumeration ends they do nothing else: SIGTERM and SIGINT do not end the process.
    /// </summary>
    /// <param name="signal">Which.</param>
    /// <param name="cancellationToken">Ends the enumeration, with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// To be enumerated: until then what comes is kept. Each call is a listener of its own and sees all; a signal that the process was
    /// started with blocked has one listener at a time.
    /// </returns>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which nobody can catch, or no signal; or none is named.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the runtime needs it itself. AlreadyExists: it is blocked, and somebody in this process listens already.
    /// </exception>
    public static IAsyncEnumerable<SignalInfo> ListenAsync(Signal signal, CancellationToken cancellationToken = default) =>
        ListenAsync([signal], cancellationToken);

    /// <summary>The signals that come from this call on, of several kinds.</summary>
    /// <inheritdoc cref="ListenAsync(Signal, CancellationToken)"/>
    /// <param name="signals">Which.</param>
    /// <param name="cancellationToken">Ends the enumeration, with an <see cref="OperationCanceledException"/>.</param>
    public static IAsyncEnumerable<SignalInfo> ListenAsync(
        IReadOnlyCollection<Signal> signals, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(signals);
        if (signals.Count == 0)
        {
            throw new ArgumentException("Name a signal at least.", nameof(signals));
        }

        foreach (Signal signal in signals)
        {
            SignalDispositions.RequireOurs(signal);
        }

        return new SignalStream([.. signals.Distinct()], cancellationToken);
    }

    /// <summary>
    /// Has a function called whenever the signal comes, one call after the other, on the thread pool. It does nothing else meanwhile.
    /// </summary>
    /// <param name="signal">Which.</param>
    /// <param name="handler">What it throws ends the process, as on any thread.</param>
    /// <returns>Disposing it puts back what was before; a call that has begun may still run.</returns>
    /// <inheritdoc cref="ListenAsync(Signal, CancellationToken)" path="/exception"/>
    public static IDisposable Handle(Signal signal, Action<SignalInfo> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        SignalDispositions.RequireOurs(signal);
        return new SignalHandler(signal, handler);
    }

    /// <summary>Lets the signal be thrown away when it comes. Programs that this process starts ignore it, too.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which nobody can ignore, or no signal.</exception>
    /// <exception cref="InvalidOperationException">Somebody in this process listens to it.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the runtime needs it itself, or it is SIGCHLD, without which nobody learns how a child ended.
    /// </exception>
    public static void Ignore(Signal signal) => SignalDispositions.Ignore(signal);

    /// <summary>
    /// Takes <see cref="Ignore"/> back, also what this process inherited: the signal does again what it does by itself. Where somebody
    /// listens, as soon as nobody does. An ignored SIGTERM or SIGINT that was inherited ends the process from then on at once, as in a C
    /// program: the runtime, which would end it in order, has been told at its start to leave it alone.
    /// </summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, or no signal.</exception>
    /// <exception cref="FairleadException">NotSupported: the runtime needs it itself.</exception>
    public static void RestoreDefault(Signal signal) => SignalDispositions.RestoreDefault(signal);

    /// <summary>Whether the signal is kept back in every thread of this process.</summary>
    public static bool IsBlocked(Signal signal) => BlockedSignals.Contains(signal);

    /// <summary>Keeps the signal back again, in a process that was started so and has unblocked it.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which nobody can block, or no signal.</exception>
    /// <exception cref="FairleadException">
    /// NotSupported: the process was not started with it blocked. Threads of the runtime would still receive it.
    /// </exception>
    public static void Block(Signal signal) => BlockedSignals.Block(signal);

    /// <summary>Lets a signal through that the process was started with blocked: what is pending comes at once.</summary>
    /// <exception cref="ArgumentException">It is SIGKILL or SIGSTOP, which are never blocked, or no signal.</exception>
    /// <exception cref="InvalidOperationException">Somebody in this process listens to it, and gets it while it is blocked.</exception>
    public static void Unblock(Signal signal) => BlockedSignals.Unblock(signal);
}
