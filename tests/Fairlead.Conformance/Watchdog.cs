using System.Collections.Concurrent;

namespace Fairlead.Conformance;

/// <summary>Ends tests that hang: nothing else in the tests depends on durations.</summary>
internal static class Watchdog
{
    /// <summary>The longest time a test may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(TestSize.Given("FAIRLEAD_TEST_WATCHDOG", 100));

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly ConcurrentDictionary<WatchedTest, long> Running = new(ReferenceEqualityComparer.Instance);
    private static readonly ITimer Timer = TimeProvider.System.CreateTimer(static _ => Look(), null, Round, Round);

    /// <summary>Watches a test until <see cref="Leave"/>.</summary>
    public static void Watch(WatchedTest test)
    {
        Running[test] = TimeProvider.System.GetTimestamp();
        GC.KeepAlive(Timer);
    }

    public static void Leave(WatchedTest test) => Running.TryRemove(test, out _);

    private static void Look()
    {
        foreach ((WatchedTest test, long start) in Running)
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience && Running.TryRemove(test, out _))
            {
                test.EndHang();
            }
        }
    }
}
