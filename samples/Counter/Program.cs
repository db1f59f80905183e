// A counter in shared memory: half of the workers add, and half take away, and the counter should end at 0. First they run without
// protection, which loses updates, and then with each lock. The workers are threads of one process, and then processes.
//
//   dotnet run --project samples/Counter -- [WORKERS [ROUNDS]]                 100 workers, 200 rounds each
//   dotnet run --project samples/Counter -- threads|processes [WORKERS [ROUNDS]]
//
// Try also, meanwhile: fairlead locks.
using System.Diagnostics;
using System.Globalization;
using Fairlead;
using Fairlead.Memory;
using Fairlead.Processes;
using Fairlead.Synchronization;

try
{
    switch (args)
    {
        case ["worker", var method, var number, var rounds]:
            Worker.Run(method, Number(number), Number(rounds), static () =>
            {
                Console.WriteLine("ready");
                Console.ReadLine();
            });
            return 0;
        case ["threads", .. var rest] when rest.Length < 3:
            return Show(rest, ["threads"]);
        case ["processes", .. var rest] when rest.Length < 3:
            return Show(rest, ["processes"]);
        case [] or [_] or [_, _]:
            return Show(args, ["threads", "processes"]);
        default:
            return Usage();
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int number) ? number : 0;

static int Usage()
{
    Console.Error.WriteLine("usage: [threads|processes] [WORKERS [ROUNDS]]     an even number of workers, from 2");
    return 2;
}

static int Show(string[] numbers, string[] kinds)
{
    int workers = numbers is [var many, ..] ? Number(many) : 100;
    int rounds = numbers is [_, var times] ? Number(times) : 200;
    if (workers < 2 || workers % 2 != 0 || rounds < 1)
    {
        return Usage();
    }

    using var alone = NamedMutex.Open(Worker.Name);
    using MutexScope _ = alone.Enter();
    Console.WriteLine($"{workers / 2} workers add, {workers / 2} take away, {rounds} times each: the counter must end at 0");
    Console.WriteLine($"{"PROTECTION",-16} {"WORKERS",-10} {"COUNTER",8} {"SECONDS",8}");
    bool isRight = true;
    foreach (string method in Worker.Methods)
    {
        foreach (string kind in kinds)
        {
            var (result, time) = kind == "threads" ? Start.Threads(method, workers, rounds) : Start.Processes(method, workers, rounds);
            isRight &= result == 0 || method == "none";
            string verdict = result == 0 ? "" : $"   wrong by {Math.Abs(result)}";
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{method,-16} {kind,-10} {result,8} {time.TotalSeconds,8:F3}{verdict}"));
        }
    }

    return isRight ? 0 : 1;
}

/// <summary>Starts workers, lets them begin together, and reads the counter when all have ended.</summary>
internal static class Start
{
    public static (int Result, TimeSpan Time) Threads(string method, int workers, int rounds)
    {
        using SharedRegion counter = Worker.Prepare(method);
        using Barrier ready = new(workers + 1);
        List<Thread> threads = [];
        for (int number = 0; number < workers; number++)
        {
            int own = number;
            Thread thread = new(() => Worker.Run(method, own, rounds, ready.SignalAndWait), maxStackSize: 256 * 1024);
            thread.Start();
            threads.Add(thread);
        }

        ready.SignalAndWait();
        long begin = Stopwatch.GetTimestamp();
        threads.ForEach(static thread => thread.Join());
        return (counter.At<int>(0), Stopwatch.GetElapsedTime(begin));
    }

    public static (int Result, TimeSpan Time) Processes(string method, int workers, int rounds)
    {
        using SharedRegion counter = Worker.Prepare(method);

        // After kill -9 of this process they end too.
        ChildProcessOptions options = new() { TiedToParent = true, StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe };
        string program = Environment.ProcessPath!;
        string[] first =
            Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "Counter.dll")] : [];
        List<ChildProcess> children =
        [
            .. Enumerable.Range(0, workers)
                .Select(number => ChildProcess.Start(program, [.. first, "worker", method, $"{number}", $"{rounds}"], options)),
        ];
        foreach (ChildProcess child in children)
        {
            _ = child.StandardOutput.ReadByte();
        }

        long begin = Stopwatch.GetTimestamp();
        foreach (ChildProcess child in children)
        {
            child.StandardInput.Dispose();
        }

        foreach (ChildProcess child in children)
        {
            if (child.WaitForExit() is not ChildExit.Exited(0))
            {
                throw new FairleadException(ErrorCode.PeerGone, $"{child} did not finish its rounds");
            }

            child.Dispose();
        }

        return (counter.At<int>(0), Stopwatch.GetElapsedTime(begin));
    }
}

/// <summary>A worker: the same in a thread and in a process. Names lead all of them to the same counter and the same lock.</summary>
internal static class Worker
{
    public const string Name = "counter";

    // Producers may be so far ahead of the consumers.
    private const int Most = 10;

    public static readonly string[] Methods = ["none", "mutex", "recursive mutex", "semaphore", "condition", "event"];

    /// <summary>Removes what an earlier run has left, and makes the counter, at 0.</summary>
    public static SharedRegion Prepare(string method)
    {
        SharedRegion.Remove(Name);
        NamedMutex.Remove(LockOf(method));
        NamedSemaphore.Remove(LockOf(method));
        NamedCondition.Remove($"{LockOf(method)}-taken");
        NamedCondition.Remove($"{LockOf(method)}-added");
        NamedEvent.Remove(LockOf(method));
        if (method == "event")
        {
            // The event is set while no worker is inside.
            using NamedEvent free = NamedEvent.Open(LockOf(method), EventResetMode.AutoReset);
            free.Set();
        }

        return SharedRegion.Open(Name, sizeof(int));
    }

    /// <summary>Adds 1 in each round, or takes 1 away, depending on the worker's number.</summary>
    public static void Run(string method, int number, int rounds, Action begin)
    {
        using SharedRegion region = SharedRegion.Open(Name, sizeof(int));
        int step = number % 2 == 0 ? 1 : -1;
        void Count(int round) => Add(region, step, round);
        switch (method)
        {
            case "mutex":
                WithMutex(method, rounds, begin, Count);
                break;
            case "recursive mutex":
                WithRecursiveMutex(method, rounds, begin, Count);
                break;
            case "semaphore":
                WithSemaphore(method, rounds, begin, Count);
                break;
            case "condition" when step > 0:
                WithCondition(method, rounds, begin, Count, "taken", "added", () => region.At<int>(0) < Most);
                break;
            case "condition":
                WithCondition(method, rounds, begin, Count, "added", "taken", () => region.At<int>(0) > 0);
                break;
            case "event":
                WithEvent(method, rounds, begin, Count);
                break;
            default:
                Repeat(rounds, begin, Count);
                break;
        }
    }

    private static void WithMutex(string method, int rounds, Action begin, Action<int> count)
    {
        using NamedMutex mutex = NamedMutex.Open(LockOf(method));
        Repeat(rounds, begin, round =>
        {
            using (mutex.Enter())
            {
                count(round);
            }
        });
    }

    private static void WithRecursiveMutex(string method, int rounds, Action begin, Action<int> count)
    {
        using NamedMutex mutex = NamedMutex.Open(LockOf(method), new NamedMutexOptions { Recursive = true });
        Repeat(rounds, begin, round =>
        {
            using (mutex.Enter())
            using (mutex.Enter())
            {
                count(round);
            }
        });
    }

    // One permit and never more: a post too many is an error.
    private static void WithSemaphore(string method, int rounds, Action begin, Action<int> count)
    {
        using NamedSemaphore semaphore = NamedSemaphore.Open(LockOf(method), permits: 1, maximum: 1);
        Repeat(rounds, begin, round =>
        {
            using (semaphore.Enter())
            {
                count(round);
            }
        });
    }

    // Producers wait while there is enough, consumers while there is nothing. Each wakes one of the others.
    private static void WithCondition(
        string method, int rounds, Action begin, Action<int> count, string awaited, string done, Func<bool> isTime)
    {
        using NamedMutex mutex = NamedMutex.Open(LockOf(method));
        using NamedCondition before = NamedCondition.Open($"{LockOf(method)}-{awaited}", mutex);
        using NamedCondition after = NamedCondition.Open($"{LockOf(method)}-{done}", mutex);
        Repeat(rounds, begin, round =>
        {
            using MutexScope scope = mutex.Enter();
            before.Wait(scope, isTime);
            count(round);
            after.Notify(scope);
        });
    }

    private static void WithEvent(string method, int rounds, Action begin, Action<int> count)
    {
        using NamedEvent free = NamedEvent.Open(LockOf(method), EventResetMode.AutoReset);
        Repeat(rounds, begin, round =>
        {
            free.Wait();
            count(round);
            free.Set();
        });
    }

    private static void Repeat(int rounds, Action begin, Action<int> count)
    {
        begin();
        for (int round = 0; round < rounds; round++)
        {
            count(round);
        }
    }

    /// <summary>Reads, and then writes. Between the two, another worker may have written, whose update is then lost.</summary>
    private static void Add(SharedRegion region, int step, int round)
    {
        ref int counter = ref region.At<int>(0);
        int seen = Volatile.Read(ref counter);
        if (round % 50 == 0)
        {
            Thread.Yield();
        }

        Volatile.Write(ref counter, seen + step);
    }

    private static string LockOf(string method) => $"counter-{method.Replace(' ', '-')}";
}
