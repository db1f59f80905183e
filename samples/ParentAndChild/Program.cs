// A parent starts a child and sends it requests over a channel that no third process can reach. The child is the same program, started
// without arguments.
//
//   dotnet run --project samples/ParentAndChild            starts a child that doubles numbers, and reports how it ends
//   dotnet run --project samples/ParentAndChild -- crash   the same with a child that dies during a request
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Processes;

if (Inherited.HasChannel)
{
    // The child. It serves until its parent closes the channel, or dies.
    await using var responder = await Responder.BindAsync(Inherited.Address);
    await responder.RunAsync((request, _) =>
    {
        if (request.Text == "0")
        {
            Environment.Exit(9);
        }

        int doubled = 2 * int.Parse(request.Text, CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes(doubled.ToString(CultureInfo.InvariantCulture));
    });
    return 7;
}

string[] questions = args is ["crash"] ? ["1", "0"] : ["1", "2", "3"];
string program = Environment.ProcessPath!;
string[] arguments =
    Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "ParentAndChild.dll")] : [];

await using var child = await ChildProcess.StartAsync(
    program, arguments, new() { Channel = ChannelKind.Duplex, StandardError = Redirection.Null });
Console.WriteLine("the child runs");
try
{
    await using var requester = await Requester.ConnectAsync(child.Address);
    foreach (string question in questions)
    {
        using var reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(question));
        Console.WriteLine($"{question} doubled is {reply.Text}");
    }
}
catch (FairleadException problem) when (problem.Code == ErrorCode.PeerGone)
{
    Console.WriteLine("the child is gone, and the last question has no answer");
}

ChildExit exit = await child.ExitAsync();
Console.WriteLine($"the child {exit}");
return 0;
