// Open files from process to process: one program may read a folder, and opens its files for another program that does not even know where
// the folder is.
//
//   dotnet run --project samples/OpenFiles server FOLDER     opens files of this folder on request
//   dotnet run --project samples/OpenFiles client NAME …     asks for them, and prints them
//
// The client reads each file itself: no content goes through the server or a message. A service can therefore drop its privileges, and a
// small program that keeps them decides which files may be opened.
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
    // One client at a time. It takes the files, so its address limits their number.
    await using Pair pair = await Pair.BindAsync(Place, cancellationToken: stop.Token);
    Console.Error.WriteLine($"opening files of {folder} at {pair.Address}");
    while (true)
    {
        using Message asked = await pair.ReceiveAsync(cancellationToken: stop.Token);
        string name = asked.Text;
        try
        {
            // Only a plain name: no path leads out of the folder.
            string path = name == Path.GetFileName(name) && name is not ("" or "." or "..")
                ? Path.Combine(folder, name)
                : throw new FileNotFoundException();
            using SafeFileHandle file = File.OpenHandle(path);

            // A copy travels: our handle is closed right afterwards.
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
        // The files of a killed client's requests come to the next one. If not taken, they are closed with their message.
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
