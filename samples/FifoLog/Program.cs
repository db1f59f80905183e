// A FIFO into which any program may write lines, even a shell, and one program that reads and numbers them. Writers come and go; lines of
// several at once stay whole.
//
//   dotnet run --project samples/FifoLog -- server [ADDRESS]
//   echo hello > /tmp/fairlead-log                                       in another shell
//   dotnet run --project samples/FifoLog -- client [ADDRESS] LINE …      the same in C#
using System.Text;
using Fairlead;

string address = args.Skip(1).FirstOrDefault(static argument => argument.Contains("://")) ?? "fifo:///tmp/fairlead-log?framing=line";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await ReadAsync();
            return 0;
        case "client":
            await WriteAsync(args.Skip(1).Where(static argument => !argument.Contains("://")));
            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] LINE …");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or ArgumentException or FormatException)
{
    // An ArgumentException says that a line has a newline in it.
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task ReadAsync()
{
    await using var receiver = await Receiver.BindAsync(address);
    Console.Error.WriteLine($"reading lines at {receiver.Address}");
    int number = 0;
    await foreach (Message message in receiver.ReceiveAllAsync(stop.Token))
    {
        Console.WriteLine($"{++number}: {message.Text}");
    }
}

async Task WriteAsync(IEnumerable<string> lines)
{
    await using var sender = await Sender.ConnectAsync(address, cancellationToken: stop.Token);
    foreach (string line in lines)
    {
        await sender.SendAsync(Encoding.UTF8.GetBytes(line), stop.Token);
    }
}
