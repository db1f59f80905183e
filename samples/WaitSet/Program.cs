// One thread waits for everything at once: messages, requests, lines on its input, a timer, and the signal to stop. It sleeps in the kernel
// until one of them arrives.
//
//   dotnet run --project samples/WaitSet -- server [ADDRESS]
//   dotnet run --project samples/WaitSet -- client [ADDRESS] WORD …      sends the words, then asks how many came
//
// The server takes messages at ADDRESS and answers at ADDRESS-count; a line on its input is a word, too. No await, no other thread, no
// lock.
using System.Runtime.InteropServices;
using System.Text;
using Fairlead;
using Fairlead.Time;
using Microsoft.Win32.SafeHandles;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://words";

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            return Serve();
        case "client":
            return Ask(args.Skip(1).Where(static argument => !argument.Contains("://")));
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] WORD …");
            return 2;
    }
}
catch (Exception problem) when (problem is FairleadException or AddressFormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

int Serve()
{
    using var words = Receiver.Bind(address);
    using var questions = Responder.Bind(address + "-count");
    using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    using var set = new WaitSet();
    var ofWords = set.Attach(words);
    var ofQuestions = set.Attach(questions);
    var ofInput = IsWaitable(input.SafeFileHandle) ? set.Attach(input.SafeFileHandle) : null;
    var stop = set.Attach(PosixSignal.SIGINT);
    var beat = set.AttachInterval(1.Seconds());

    Console.Error.WriteLine($"counting at {words.Address}");
    long count = 0, seconds = 0;
    while (true)
    {
        foreach (var ready in set.Wait())
        {
            if (ready.Attachment == ofWords && words.TryReceive(out var word))
            {
                // Takes one. As long as there are more, the set reports them.
                using (word)
                {
                    word.Accept();
                    Count(word.Text, word.Peer.ToString());
                }
            }
            else if (ready.Attachment == ofQuestions && questions.TryReceive(TimeSpan.Zero, out var question))
            {
                using (question)
                {
                    question.Reply(Encoding.UTF8.GetBytes($"{count}"));
                }
            }
            else if (ready.Attachment == ofInput)
            {
                // Reads the available bytes, without waiting for more; none means the end.
                var bytes = new byte[4096];
                int read = input.Read(bytes);
                foreach (string line in Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    Count(line, "the input");
                }

                if (read == 0)
                {
                    ofInput.Dispose();
                }
            }
            else if (ready.Attachment == beat)
            {
                seconds += ready.Count;
            }
            else if (ready.Attachment == stop)
            {
                Console.WriteLine($"{count} in all");
                Console.Error.WriteLine($"after {seconds} s");
                return 130;
            }
        }
    }

    void Count(string word, string from)
    {
        count++;
        Console.WriteLine($"{word} (from {from})");
    }
}

// A set can wait for a terminal, a pipe or a socket. A file is always ready.
static bool IsWaitable(SafeFileHandle handle)
{
    using var trial = new WaitSet();
    try
    {
        trial.Attach(handle);
        return true;
    }
    catch (FairleadException problem) when (problem.Code == ErrorCode.NotSupported)
    {
        return false;
    }
}

int Ask(IEnumerable<string> words)
{
    using var sender = Sender.Connect(address);
    foreach (string word in words)
    {
        sender.Deliver(Encoding.UTF8.GetBytes(word));
    }

    using var requester = Requester.Connect(address + "-count");
    using var reply = requester.Request("how many?"u8);
    Console.WriteLine($"{reply.Text} so far");
    return 0;
}
