using System.Runtime.ExceptionServices;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links;

/// <summary>Sends one message to several links whose queues were full, and awaits their capacity at the same time.</summary>
/// <remarks>Has no state.</remarks>
internal static class WaitedCalls
{
    /// <param name="links">The links.</param>
    /// <param name="call">Sends to one of them.</param>
    /// <param name="isBuffered">Returns whether the message was buffered for a link, by the result of its call.</param>
    /// <returns>The number of links for which it was buffered. All calls have ended by then, and so they have if this throws.</returns>
    /// <exception cref="Exception">That of the first call that failed. The links of all that failed have missed the message.</exception>
    public static async ValueTask<int> AllAsync(
        List<Link> links, Func<Link, ValueTask<LinkResult>> call, Func<Link, LinkResult, bool> isBuffered)
    {
        Task<LinkResult>[] calls = [.. links.Select(link => StartAsync(call, link))];
        int count = 0;
        ExceptionDispatchInfo? failed = null;
        for (int i = 0; i < calls.Length; i++)
        {
            try
            {
                count += isBuffered(links[i], await calls[i].ConfigureAwait(false)) ? 1 : 0;
            }
            catch (Exception exception)
            {
                links[i].LinkSender.CountMissed();
                failed ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        failed?.Throw();
        return count;
    }

    /// <summary>Makes an error that is thrown immediately part of the task, too.</summary>
    private static async Task<LinkResult> StartAsync(Func<Link, ValueTask<LinkResult>> call, Link link) =>
        await call(link).ConfigureAwait(false);
}
