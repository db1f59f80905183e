// PluginHost: a host runs a plug-in as a supervised child, and calls it by an interface over a private channel. The plug-in crashes in the
// middle of a call, and the host gets it back. The plug-in is the same program, started with a channel.
//
//   dotnet run --project samples/PluginHost
using System.Globalization;
using Fairlead;
using Fairlead.Processes;
using Fairlead.Rpc;

if (Inherited.HasChannel)
{
    // The plug-in. It serves until its host ends it; the kernel ends it if the host is killed.
    await using RpcServer server = await Rpc.ServeAsync<IPlugin>(Inherited.Address.ToString(), new Plugin());
    await server.Completion;
    return 0;
}

string program = Environment.ProcessPath!;
string[] arguments =
    Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "PluginHost.dll")] : [];
SupervisedChild plugin = new("upper", program, arguments)
{
    Process = new() { Channel = ChannelKind.Duplex, StandardError = Redirection.Null, Limits = new() { OpenFiles = 500 } },
};
await using ChildSupervisor supervisor = ChildSupervisor.Start(
    [plugin], new() { Changed = change => Console.Error.WriteLine(change) });

string[][] sessions = [["hello", "crash"], ["hello again"]];
foreach (string[] texts in sessions)
{
    // Each process of the plug-in has a new channel. This waits until the plug-in runs.
    Address address = await supervisor.ChannelAsync("upper");
    await using RpcClient<IPlugin> client = await Rpc.ConnectAsync<IPlugin>(address.ToString());
    try
    {
        foreach (string text in texts)
        {
            Console.WriteLine(await client.Service.TransformAsync(text));
        }
    }
    catch (Exception problem) when (problem is FairleadException or RpcException)
    {
        Console.WriteLine("the plug-in has crashed");
    }
}

return 0;

/// <summary>The contract: the host calls it, a plug-in implements it.</summary>
[RpcContract]
internal interface IPlugin
{
    /// <summary>Returns the text as the plug-in changes it.</summary>
    Task<string> TransformAsync(string text, CancellationToken cancellationToken = default);
}

/// <summary>A plug-in with a fault.</summary>
internal sealed class Plugin : IPlugin
{
    public Task<string> TransformAsync(string text, CancellationToken cancellationToken = default)
    {
        if (text == "crash")
        {
            Environment.Exit(9);
        }

        return Task.FromResult(text.ToUpper(CultureInfo.InvariantCulture));
    }
}
