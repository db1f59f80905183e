// Workers that start together: each prepares in a separate process and waits for an event. One signal starts them all.
//
//   dotnet run --project samples/StartTogether -- work NAME     prepares, waits, and prints its delay after the signal
//   dotnet run --project samples/StartTogether -- start         gives the signal, to present and later workers
//   dotnet run --project samples/StartTogether -- reset         resets the signal, for the next start
//
// Try also: fairlead locks, while they wait; fairlead event set start instead of the second; and Ctrl-C at a waiting one.
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

            // This clock is the same for all processes of a machine.
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
