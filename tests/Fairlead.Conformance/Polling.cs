namespace Fairlead.Conformance;

/// <summary>
/// For a state that no event tells of: how many lie in another's queue, what the kernel still has open. The one place of the tests that
/// looks again and again.
/// </summary>
public static class Polling
{
    /// <summary>
    /// Completes when it is so. Looks for ever: what never becomes true hangs, and is ended by whoever watches over the test.
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
