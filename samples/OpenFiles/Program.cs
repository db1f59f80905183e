// Open files from process to process: one program may read a folder, and opens what is in it for another that does not even know where the
// folder is.
//
//   dotnet run --project samples/OpenFiles server FOLDER     opens files of this folder for whoever asks
//   dotnet run --project samples/OpenFiles client NAME …     asks for them, and prints them
//
// The client reads each file itself: nothing of its content goes through the server, nor through a message. So a service can drop its
// privileges and leave it to a small program, which keeps them, to decide what may be opened.
using System.Text;
using Fairlead;
using Microsoft.Win32.SafeHandles;

const string Place = "unix://files";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    return args switch
    {
        ["server", string folder] => await ServeAsync(folder),
        ["client", .. string[] names] => await AskAsync(names),
        _ => Usage(),
    };
}
catch (OperationCanceledException)
{
    return 130;
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

async Task<int> ServeAsync(string folder)
{
    // One client at a time; it takes the files, so it is the one who says how many.
    await using Pair pair = await Pair.BindAsync(Place, cancellationToken: stop.Token);
    Console.Error.WriteLine($"opening files of {folder} at {pair.Address}");
    while (true)
    {
        using Message asked = await pair.ReceiveAsync(cancellationToken: stop.Token);
        string name = asked.Text;
        try
        {
            // A plain name and nothing else: no way leads out of the folder.
            string path = name == Path.GetFileName(name) && name is not ("" or "." or "..")
                ? Path.Combine(folder, name)
                : throw new FileNotFoundException();
            using SafeFileHandle file = File.OpenHandle(path);

            // What travels is a copy: ours is closed right behind it.
            await pair.SendHandleAsync(file, Encoding.UTF8.GetBytes(name), stop.Token);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            await pair.SendAsync(Encoding.UTF8.GetBytes(name), stop.Token);
        }
        catch (FairleadException gone) when (gone.Code == ErrorCode.PeerGone)
        {
            Console.Error.WriteLine(gone.Message);
        }
    }
}

async Task<int> AskAsync(string[] names)
{
    int code = 0;
    await using Pair pair = await Pair.ConnectAsync(Place + "?handles=4&wait=10s", cancellationToken: stop.Token);
    foreach (string name in names)
    {
        await pair.SendAsync(Encoding.UTF8.GetBytes(name), stop.Token);
        using Message answer = await AnswerToAsync(pair, name);
        if (!answer.HasHandle)
        {
            Console.Error.WriteLine($"{name}: there is no such file");
            code = 1;
            continue;
        }

        using FileStream file = new(answer.TakeHandle(), FileAccess.Read);
        await using Stream output = Console.OpenStandardOutput();
        await file.CopyToAsync(output, stop.Token);
    }

    return code;
}

async Task<Message> AnswerToAsync(Pair pair, string name)
{
    while (true)
    {
        // What a client that was killed has asked for comes to the next one. Not taken, it is closed with its message.
        Message answer = await pair.ReceiveAsync(cancellationToken: stop.Token);
        if (answer.Text == name)
        {
            return answer;
        }

        answer.Dispose();
    }
}

static int Usage()
{
    Console.Error.WriteLine("usage: OpenFiles server FOLDER | OpenFiles client NAME …");
    return 2;
}
