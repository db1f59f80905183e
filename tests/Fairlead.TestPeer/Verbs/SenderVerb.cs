namespace Fairlead.TestPeer.Verbs;

/// <summary><c>sender bind|connect ADDRESS</c>.</summary>
internal static class SenderVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var sender =
            arguments[0] == "bind"
                ? await Sender.BindAsync(arguments[1], Patience.Options)
                : await Sender.ConnectAsync(arguments[1], Patience.Options);
        Commands commands = new Outbound(sender, message => sender.SendAsync(message), message => sender.DeliverAsync(message)).AddTo(
            new Commands());
        return await OpenFiles.AddTo(commands, file => sender.SendHandleAsync(file)).ObeyAsync(sender);
    }
}
