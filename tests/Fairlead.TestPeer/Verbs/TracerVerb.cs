using System.Diagnostics;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>tracer ADDRESS ONWARD</c>: answers requests at the first address, and for each sends a message to the second out of its handler. Says
/// each span that ends: its name, its trace, itself, its parent.
/// </summary>
internal static class TracerVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "Fairlead",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = static activity =>
                Console.WriteLine(
                    $"span {activity.OperationName.Split(' ')[0]} {activity.TraceId} {activity.SpanId} {activity.ParentSpanId}"),
        };
        ActivitySource.AddActivityListener(listener);
        await using var responder = await Responder.BindAsync(arguments[0]);
        await using var sender = await Sender.ConnectAsync(arguments[1]);
        Console.WriteLine($"ok {responder.Address}");
        _ = responder.RunAsync(async (request, _) =>
        {
            await sender.SendAsync(request.Memory);
            return request.Memory;
        });
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
