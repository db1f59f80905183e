// Workers that start together: each gets ready in its own time, as a process of its own, and waits for an event; one signal starts them
// all.
//
//   dotnet run --project samples/StartTogether -- work NAME     gets ready, waits, and says how long after the signal it began
//   dotnet run --project samples/StartTogether -- start         gives the signal: to all who wait, and to those who come later
//   dotnet run --project samples/StartTogether -- reset         takes it back, for the next start
//
// Try also: fairlead locks, while they wait; fairlead event set start instead of the second; and Ctrl-C at one of those that wait.
using System.Diagnostics;
using Fairlead;
using Fairlead.Memory;
using Fairlead.Synchronization;

try
{
    using var start = NamedEvent.Open("start");
    using var given = SharedRegion.Open("start", sizeof(long));
    switch (args)
    {
        case ["work", var name]:
            Console.Error.WriteLine($"{name} is ready");
            start.Wait();

            // By the clock that all processes of a machine share.
            TimeSpan late = Stopwatch.GetElapsedTime(Volatile.Read(ref given.At<long>(0)));
            Console.WriteLine($"{name} begins, {late.TotalMicroseconds:F0} µs after the signal");
            return 0;
        case ["start"]:
            Volatile.Write(ref given.At<long>(0), Stopwatch.GetTimestamp());
            start.Set();
            return 0;
        case ["reset"]:
            start.Reset();
            return 0;
        default:
            Console.Error.WriteLine("usage: work NAME | start | reset");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
