namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>The verbs of a peer at locks.</summary>
internal static class LockVerbs
{
    public static IReadOnlyDictionary<string, Func<string[], Task<int>>> All { get; } =
        new Dictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
        {
            ["barrier"] = BarrierVerb.RunAsync,
            ["condition"] = ConditionVerb.RunAsync,
            ["countdown"] = CountdownVerb.RunAsync,
            ["counter"] = CounterVerb.RunAsync,
            ["crowd"] = CrowdVerb.RunAsync,
            ["event"] = EventVerb.RunAsync,
            ["exchange"] = ExchangeVerb.RunAsync,
            ["foreign"] = ForeignVerb.RunAsync,
            ["ledger"] = LedgerVerb.RunAsync,
            ["march"] = MarchVerb.RunAsync,
            ["mutex"] = MutexVerb.RunAsync,
            ["mutexcount"] = MutexCountVerb.RunAsync,
            ["readwrite"] = ReadWriteVerb.RunAsync,
            ["semaphore"] = SemaphoreVerb.RunAsync,
            ["turnstile"] = TurnstileVerb.RunAsync,
        };
}
