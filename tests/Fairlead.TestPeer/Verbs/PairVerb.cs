namespace Fairlead.TestPeer.Verbs;

/// <summary><c>pair bind|connect ADDRESS</c>: sends and receives.</summary>
internal static class PairVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var pair =
            arguments[0] == "bind"
                ? await Pair.BindAsync(arguments[1], Patience.Options)
                : await Pair.ConnectAsync(arguments[1], Patience.Options);
        var commands = new Inbound(() => pair.ReceiveAsync()).AddTo(new Commands());
        return await new Outbound(pair, message => pair.SendAsync(message), message => pair.DeliverAsync(message))
            .AddTo(commands)
            .ObeyAsync(pair);
    }
}
