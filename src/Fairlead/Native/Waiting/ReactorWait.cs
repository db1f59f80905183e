namespace Fairlead.Native.Waiting;

/// <summary>Waits once for a descriptor, without a thread.</summary>
internal static class ReactorWait
{
    /// <summary>Completes when the descriptor is ready for any of the events, or reports an error or hang-up.</summary>
    /// <remarks>One wait of a descriptor at a time. Continues on the pool: the reactor must stay free.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="FairleadException">Unavailable: the system cannot watch the descriptor.</exception>
    public static async Task UntilAsync(Descriptor descriptor, PollEvents events, CancellationToken cancellationToken)
    {
        Waiter waiter = new();
        using Registration registration = Reactor.Shared.Register(descriptor, waiter);
        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        registration.Arm(events);
        await waiter.Task.ConfigureAwait(false);
    }

    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), IReactorClient
    {
        public void OnReady(PollEvents events) => TrySetResult();
    }
}
