// Readers and writers: a table of equal numbers in shared memory. Any number of readers read it at once; a writer changes all of it, alone.
//
//   dotnet run --project samples/ReadersAndWriters -- read [TIMES]      reads TIMES times, and says whether it ever saw half a change
//   dotnet run --project samples/ReadersAndWriters -- write [TIMES]     adds one to every number, TIMES times
//   dotnet run --project samples/ReadersAndWriters -- remove            removes what the others have left
//
// Try also: fairlead locks, while they run; and kill -9 of a writer: the next one learns that the table may be half changed, and
// repairs it.
using System.Globalization;
using Fairlead;
using Fairlead.Memory;
using Fairlead.Synchronization;

const int Numbers = 1000;
int times = args is [_, var text] && int.TryParse(text, CultureInfo.InvariantCulture, out int given) ? given : 1000;

try
{
    switch (args.FirstOrDefault())
    {
        case "read":
            return Read(times);
        case "write":
            Write(times);
            return 0;
        case "remove":
            Console.WriteLine($"lock: {NamedReaderWriterLock.Remove("table")}, table: {SharedRegion.Remove("table")}");
            return 0;
        default:
            Console.Error.WriteLine("usage: read [TIMES] | write [TIMES] | remove");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static int Read(int times)
{
    using var table = NamedReaderWriterLock.Open("table");
    using var memory = SharedRegion.Open("table", Numbers * sizeof(long));
    int torn = 0;
    for (int i = 0; i < times; i++)
    {
        using var scope = table.EnterRead();
        Span<long> numbers = memory.Span<long>(0, Numbers);

        // Readers also learn that a writer was killed while it wrote, until another writer has repaired the table.
        torn += scope.OwnerDied || numbers.IndexOfAnyExcept(numbers[0]) < 0 ? 0 : 1;
    }

    Console.WriteLine($"looked {times} times, and {(torn == 0 ? "never saw" : $"{torn} times saw")} half a change");
    return torn == 0 ? 0 : 1;
}

static void Write(int times)
{
    using var table = NamedReaderWriterLock.Open("table");
    using var memory = SharedRegion.Open("table", Numbers * sizeof(long));
    long last = 0;
    for (int i = 0; i < times; i++)
    {
        using var scope = table.EnterWrite();
        Span<long> numbers = memory.Span<long>(0, Numbers);
        if (scope.OwnerDied)
        {
            Console.Error.WriteLine("a writer died: the table is repaired");
            numbers.Fill(numbers[0]);
            scope.MarkConsistent();
        }

        foreach (ref long number in numbers)
        {
            number++;
        }

        last = numbers[0];
    }

    Console.WriteLine($"wrote {times} times, to {last}");
}
