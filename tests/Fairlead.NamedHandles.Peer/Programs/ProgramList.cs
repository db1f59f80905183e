namespace Programs;

/// <summary>The programs by their names.</summary>
internal static class ProgramList
{
    private static readonly Dictionary<string, Func<string[], int>> All = new(StringComparer.Ordinal)
    {
        ["bus"] = MessageBus.Run,
        ["ring"] = RingBuffer.Run,
        ["single"] = SingleInstance.Run,
        ["settings"] = SharedSettings.Run,
        ["queue"] = ProducerConsumer.Run,
        ["commands"] = CommandServer.Run,
        ["progress"] = ProgressBar.Run,
        ["cache"] = Cache.Run,
        ["watchdog"] = Watchdog.Run,
        ["node"] = BuildNode.Run,
        ["count"] = SharedCount.Run,
    };

    /// <summary>Returns the program of this name; null: there is none.</summary>
    public static Func<string[], int>? Find(string name) => All.GetValueOrDefault(name);
}
