// A log that outlives its programs: some append to it, others follow it, each from its last position.
//
//   dotnet run --project samples/MappedLog -- append TEXT...       appends each text as a record; start several at once
//   dotnet run --project samples/MappedLog -- follow NAME [COUNT]  continues where the last one of this name ended, and waits for more
//   dotnet run --project samples/MappedLog -- replay [FROM]        prints the present records: from the start, a number, or a time
//   dotnet run --project samples/MappedLog -- info                 prints its size, its followers, and its damage
//   dotnet run --project samples/MappedLog -- remove               removes it
//
// Try also: kill -9 of any of them, at any time; then start it again.
using System.Globalization;
using System.Text;
using Fairlead;
using Fairlead.Logs;

const string Address = "log://orders";

try
{
    switch (args)
    {
        case ["append", .. var texts]:
            Append(texts);
            return 0;
        case ["follow", var name, .. var count]:
            await FollowAsync(name, count is [var limit] ? int.Parse(limit, CultureInfo.InvariantCulture) : int.MaxValue);
            return 0;
        case ["replay", .. var from] when LogStart.TryParse(from is [var place] ? place : "start", out LogStart start):
            Replay(start);
            return 0;
        case ["info"]:
            Tell();
            return 0;
        case ["remove"]:
            Console.WriteLine(MappedLog.Remove(Address) ? "removed" : "there was none");
            return 0;
        default:
            Console.Error.WriteLine("usage: append TEXT... | follow NAME [COUNT] | replay [FROM] | info | remove");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static void Append(string[] texts)
{
    using var log = MappedLog.Open(Address);
    foreach (string text in texts)
    {
        long number = log.Append(Encoding.UTF8.GetBytes(text));
        Console.WriteLine($"{number} {text}");
    }

    log.Sync();
}

static async Task FollowAsync(string name, int count)
{
    using var log = MappedLog.Open(Address);
    using var follower = log.Follow(name);
    Console.Error.WriteLine($"following from {follower.Next} on");
    while (count-- > 0)
    {
        LogRecord record = await follower.ReadAsync();
        Console.WriteLine($"{record.Sequence} {Encoding.UTF8.GetString(record.Span)}");
        follower.Commit();
    }
}

static void Replay(LogStart from)
{
    using var log = MappedLog.Open(Address, new() { Create = false });
    foreach (LogRecord record in log.Replay(from))
    {
        Console.WriteLine($"{record.Sequence} {Encoding.UTF8.GetString(record.Span)}");
    }
}

static void Tell()
{
    using var log = MappedLog.Open(Address, new() { Create = false });
    LogInfo info = log.Info();
    Console.WriteLine($"{info.Records} records, {info.Bytes} bytes, on the disk before {info.Synced}, {info.Damages.Count} places damaged");
    foreach (LogPositionInfo position in info.Positions)
    {
        Console.WriteLine($"{position.Name}: {position.Behind} behind{(position.IsHeld ? $", {position.HeldBy}" : "")}");
    }
}
