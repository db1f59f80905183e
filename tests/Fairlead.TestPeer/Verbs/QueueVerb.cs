namespace Fairlead.TestPeer.Verbs;

/// <summary><c>queue ADDRESS STORE</c>: hosts a work queue that keeps its items.</summary>
internal static class QueueVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var queue = await WorkQueue.BindAsync(arguments[0], new() { Store = arguments[1] });
        return await new Commands().ObeyAsync(queue);
    }
}
