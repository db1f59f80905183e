using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// Outlasts a holder that has been killed but still holds: a name is taken from it as soon as the kernel has finished with it, so that
/// starting again right behind a <c>kill -9</c> works. And outlasts a process that this one is just starting: until it runs its own program it has what this one had open, and
/// with that a name that has been given back here.
/// </summary>
internal static class EndingHolder
{
    /// <summary>Finding out who holds a name may take longer than he holds it.</summary>
    private const int LeastAttempts = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Starting = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    /// <summary>Takes a name; again, as long as it is refused because of a process that is ending.</summary>
    /// <exception cref="FairleadException">What <paramref name="take"/> threw last.</exception>
    public static T Outlast<T>(Func<T> take)
    {
        var deadline = Deadline.After(Patience);
        var started = Deadline.After(Starting);
        var pause = TimeSpan.FromMilliseconds(1);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return take();
            }
            catch (FairleadException held) when (held.Code == ErrorCode.AlreadyExists && IsPassing(held.Peer?.ProcessId, deadline, attempt <= LeastAttempts || !started.Passed))
            {
                // The kernel tells its parent when it has finished, and nobody else unless a pidfd was opened before.
                Task.Delay(pause, TimeProvider.System).Wait();
                pause = pause < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Whom nobody has seen may have gone while he was looked for.</summary>
    private static bool IsPassing(int? holder, Deadline deadline, bool mayBeStarting) => holder is { } pid
        ? (!deadline.Passed && NativeProcess.IsEnding(pid)) || (mayBeStarting && NativeProcess.IsOwnOrChild(pid))
        : mayBeStarting;
}
