namespace Fairlead.Conformance;

/// <summary>
/// Waits for states that no event reports: the length of another process's queue, the descriptors that the kernel still has open.
/// </summary>
public static class Polling
{
    /// <summary>
    /// Completes when the condition holds. Polls forever: a condition that never holds hangs until the test's watchdog ends it.
    /// </summary>
    public static async Task Until(Func<bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }
}
