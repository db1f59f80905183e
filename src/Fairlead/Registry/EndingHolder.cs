using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// Waits for a holder of a name that has been killed but still holds it, until the kernel has finished with it: restarting right after a
/// <c>kill -9</c> works. Also waits for a process that this one is just starting. Until that runs its own program, it has the open files of
/// this one, including a name that has been released here.
/// </summary>
internal static class EndingHolder
{
    /// <summary>Finding the holder of a name may take longer than the holder holds it.</summary>
    private const int LeastAttempts = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Starting = TimeSpan.FromMilliseconds(500);

    /// <summary>Asking for the holder of a name may cost it a connection, so it is not done often.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(128);

    /// <summary>Takes a name, and tries again while an ending process has it.</summary>
    /// <param name="take">Tries once.</param>
    /// <param name="isHeldByDescriptors">
    /// Whether an open descriptor holds the name, as with ports and abstract names; a file disappears when its owner releases it.
    /// </param>
    /// <exception cref="FairleadException">The last exception of <paramref name="take"/>.</exception>
    public static T Outlast<T>(Func<T> take, bool isHeldByDescriptors)
    {
        var deadline = Deadline.After(Patience);
        var starting = Deadline.After(Starting);
        var pause = TimeSpan.FromMilliseconds(1);
        FairleadException? named = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return take();
            }
            catch (FairleadException held) when (held.Code == ErrorCode.AlreadyExists)
            {
                named = held.Peer?.ProcessId is null ? named : held;
                var holder = held.Peer?.ProcessId;
                if (isHeldByDescriptors && !deadline.Passed && holder is { } child && NativeProcess.IsBeingStarted(child))
                {
                    starting = Deadline.After(Starting);
                }

                var isEarly = attempt <= LeastAttempts;

                // The kernel releases the locks of a killed process one by one: one lock is free and names no holder any more, while the
                // next is still held.
                var isReleasing = holder is null && named?.Peer?.ProcessId is { } last && !deadline.Passed && NativeProcess.IsEnding(last);
                if (!isReleasing && !IsPassing(holder, deadline, isEarly, isHeldByDescriptors && (isEarly || !starting.Passed)))
                {
                    // A holder that does not answer any more has been asked too often, perhaps by this process; its identity is known from
                    // before.
                    if (named is null || named == held)
                    {
                        throw;
                    }

                    throw named;
                }

                // When the kernel has finished, it notifies the parent, and other processes only if they opened a pidfd before.
                Task.Delay(pause, TimeProvider.System).Wait();
                pause = pause < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Whether the refusal may pass. An unknown holder may have ended while it was looked up.</summary>
    private static bool IsPassing(int? holder, Deadline deadline, bool isEarly, bool mayBeStarting) => holder is { } pid
        ? (!deadline.Passed && NativeProcess.IsEnding(pid)) || (mayBeStarting && NativeProcess.IsOwnOrChild(pid))
        : isEarly || mayBeStarting;
}
