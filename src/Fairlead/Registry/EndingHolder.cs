using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// Outlasts a holder that has been killed but still holds: a name is taken from it as soon as the kernel has finished with it, so that
/// starting again right behind a <c>kill -9</c> works.
/// </summary>
internal static class EndingHolder
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(16);

    /// <summary>Takes a name; again, as long as it is refused because of a process that is ending.</summary>
    /// <exception cref="FairleadException">What <paramref name="take"/> threw last.</exception>
    public static T Outlast<T>(Func<T> take)
    {
        var deadline = Deadline.After(Patience);
        var pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            try
            {
                return take();
            }
            catch (FairleadException held) when (held is { Code: ErrorCode.AlreadyExists, Peer.ProcessId: { } pid } && NativeProcess.IsEnding(pid) && !deadline.Passed)
            {
                // The kernel tells its parent when it has finished, and nobody else unless a pidfd was opened before.
                Task.Delay(pause, TimeProvider.System).Wait();
                pause = pause < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }
}
