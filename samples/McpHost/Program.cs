// McpHost: a host of the Model Context Protocol, and a server with one tool as its supervised child. The protocol runs over a private
// channel, so whatever the server prints is only a log, and cannot disturb the protocol. A server that crashes is restarted. When the
// host ends, even by kill -9, the kernel ends the server. The server is the same program, started with a channel.
//
//   dotnet run --project samples/McpHost        reads texts from the standard input, and lets the tool of the server change each
//   printf 'hello\ncrash\nhello again\n' | dotnet run --project samples/McpHost
using System.Globalization;
using Fairlead;
using Fairlead.Processes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

if (Inherited.HasChannel)
{
    await ServeAsync(Inherited.Address);
    return;
}

string program = Environment.ProcessPath!;
string[] arguments =
    Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "McpHost.dll")] : [];
SupervisedChild server = new("tools", program, arguments)
{
    Process = new() { Channel = ChannelKind.Duplex, StandardOutput = Redirection.Append("tools.log") },
};
await using ChildSupervisor supervisor = ChildSupervisor.Start(
    [server], new() { Changed = change => Console.Error.WriteLine(change) });
string? text = await Console.In.ReadLineAsync();
while (text is not null)
{
    // Each process of the server has a new channel. This waits until the server runs.
    Address channel = await supervisor.ChannelAsync("tools");
    await using Pair pair = await Pair.ConnectAsync(channel.With("framing", "none"));
    Stream stream = pair.AsStream();
    try
    {
        await using McpClient client = await McpClient.CreateAsync(new StreamClientTransport(stream, stream));
        while (text is not null)
        {
            CallToolResult result = await client.CallToolAsync("upper", new Dictionary<string, object?> { ["text"] = text });
            Console.WriteLine(string.Concat(result.Content.OfType<TextContentBlock>().Select(static block => block.Text)));
            text = await Console.In.ReadLineAsync();
        }
    }
    catch (Exception problem) when (problem is McpException or IOException or FairleadException)
    {
        Console.WriteLine($"the server was lost at '{text}'");
        text = await Console.In.ReadLineAsync();
    }
}

static async Task ServeAsync(Address channel)
{
    // On the standard output without harm.
    Console.WriteLine("the server begins");
    await using Pair pair = await Pair.BindAsync(channel.With("framing", "none"));
    Stream stream = pair.AsStream();
    McpServerOptions options = new()
    {
        ServerInfo = new Implementation { Name = "tools", Version = "1.0" },
        ToolCollection = [McpServerTool.Create(Upper, new McpServerToolCreateOptions { Name = "upper", Description = "In capitals." })],
    };
    await using McpServer server = McpServer.Create(new StreamServerTransport(stream, stream), options);
    await server.RunAsync();
}

static string Upper(string text)
{
    Console.WriteLine($"upper {text}");
    if (text == "crash")
    {
        Environment.Exit(9);
    }

    return text.ToUpper(CultureInfo.InvariantCulture);
}
