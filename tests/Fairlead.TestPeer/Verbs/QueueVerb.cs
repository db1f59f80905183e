using System.Globalization;

namespace Fairlead.TestPeer.Verbs;

/// <summary><c>queue ADDRESS STORE</c>: hosts a work queue that keeps its items; <c>count</c> asks how many it has.</summary>
internal static class QueueVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var queue = await WorkQueue.BindAsync(arguments[0], new() { Store = arguments[1] });
        return await new Commands()
            .On("count", _ => Task.FromResult(queue.Count.ToString(CultureInfo.InvariantCulture)))
            .ObeyAsync(queue);
    }
}
