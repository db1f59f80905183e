namespace Fairlead.TestPeer.Verbs;

/// <summary><c>receiver bind|connect ADDRESS</c>.</summary>
internal static class ReceiverVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using var receiver =
            arguments[0] == "bind"
                ? await Receiver.BindAsync(arguments[1], Patience.Options)
                : await Receiver.ConnectAsync(arguments[1], Patience.Options);
        Commands commands = new Inbound(() => receiver.ReceiveAsync()).AddTo(new Commands());
        return await OpenFiles.AddTo(commands, () => receiver.ReceiveAsync()).ObeyAsync(receiver);
    }
}
