using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// Outlasts a holder that has been killed but still holds: a name is taken from it as soon as the kernel has finished with it, so that
/// starting again right behind a <c>kill -9</c> works. And outlasts a process that this one is just starting: until it runs its own program
/// it has what this one had open, and with that a name that has been given back here.
/// </summary>
internal static class EndingHolder
{
    /// <summary>Finding out who holds a name may take longer than he holds it.</summary>
    private const int LeastAttempts = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Starting = TimeSpan.FromMilliseconds(500);

    /// <summary>Asking who holds a name may cost him a connection, so it is not done often.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(128);

    /// <summary>Takes a name; again, as long as it is refused because of a process that is ending.</summary>
    /// <param name="take">Takes it once.</param>
    /// <param name="isHeldByDescriptors">
    /// Whether whoever has the descriptor open holds the name, as of ports and abstract names; a file is gone when it has been given back.
    /// </param>
    /// <exception cref="FairleadException">What <paramref name="take"/> threw last.</exception>
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

                // The kernel releases what a killed process held one by one: one lock is free and tells no name any more, and the next is
                // still held.
                var isReleasing = holder is null && named?.Peer?.ProcessId is { } last && !deadline.Passed && NativeProcess.IsEnding(last);
                if (!isReleasing && !IsPassing(holder, deadline, isEarly, isHeldByDescriptors && (isEarly || !starting.Passed)))
                {
                    // Who does not answer any more has been asked too often, maybe by us: who he was is known.
                    if (named is null || named == held)
                    {
                        throw;
                    }

                    throw named;
                }

                // The kernel tells its parent when it has finished, and nobody else unless a pidfd was opened before.
                Task.Delay(pause, TimeProvider.System).Wait();
                pause = pause < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Whom nobody has seen may have gone while he was looked for.</summary>
    private static bool IsPassing(int? holder, Deadline deadline, bool isEarly, bool mayBeStarting) => holder is { } pid
        ? (!deadline.Passed && NativeProcess.IsEnding(pid)) || (mayBeStarting && NativeProcess.IsOwnOrChild(pid))
        : isEarly || mayBeStarting;
}
