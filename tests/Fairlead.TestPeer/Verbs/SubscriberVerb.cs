namespace Fairlead.TestPeer.Verbs;

/// <summary><c>subscriber bind|connect ADDRESS TOPICS</c>.</summary>
internal static class SubscriberVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var subscriber = arguments[0] == "bind" ? await Subscriber.BindAsync(arguments[1], arguments[2]) : await Subscriber.ConnectAsync(arguments[1], arguments[2]);
        return await new Inbound(() => subscriber.ReceiveAsync()).AddTo(new Commands()).ObeyAsync(subscriber);
    }
}
