// Philosophers at a round table, each a process, with a fork between neighbours: a NamedMutex. To eat, a philosopher needs the fork on the
// left and the one on the right.
//
//   dotnet run --project samples/DiningPhilosophers -- [PHILOSOPHERS [MEALS]]      all eat: the fork with the lower number first
//   dotnet run --project samples/DiningPhilosophers -- --deadlock [PHILOSOPHERS]   none eats: each has one fork and waits for the other
//
// Try also, while they wait for each other: fairlead deadlocks; fairlead locks; and fairlead signal PID KILL to one of them. Its fork goes
// to its neighbour, and the others eat.
using System.Globalization;
using Fairlead;
using Fairlead.Memory;
using Fairlead.Processes;
using Fairlead.Synchronization;

try
{
    switch (args)
    {
        case ["philosopher", var seat, var others, var meals, .. var rest]:
            return Dine(Number(seat), Number(others), Number(meals), leftFirst: rest.Length > 0);
        case ["--deadlock"]:
            return await LayAsync(philosophers: 5, meals: 1, leftFirst: true);
        case ["--deadlock", var count] when Number(count) > 1:
            return await LayAsync(Number(count), meals: 1, leftFirst: true);
        case [] or [_] or [_, _] when args.Select(Number).All(static number => number > 0) && (args.Length == 0 || Number(args[0]) > 1):
            return await LayAsync(
                args is [var many, ..] ? Number(many) : 5, args is [_, var times] ? Number(times) : 1000, leftFirst: false);
        default:
            Console.Error.WriteLine("usage: [PHILOSOPHERS [MEALS]] | --deadlock [PHILOSOPHERS]     two philosophers at least");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int number) ? number : 0;

// The table starts the philosophers, lets them begin together, and counts at the end.
static async Task<int> LayAsync(int philosophers, int meals, bool leftFirst)
{
    using var table = NamedMutex.Open("table");
    if (!table.TryEnter(TimeSpan.Zero, out MutexScope laid))
    {
        Console.Error.WriteLine($"they dine already: the table is held by {table.Holder}");
        return 1;
    }

    using var _ = laid;
    SharedRegion.Remove("forks"); // left by a killed table
    using var forks = Forks(philosophers);

    // After kill -9 of this process they end too.
    ChildProcessOptions options = new() { TiedToParent = true, StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe };
    string program = Environment.ProcessPath!;
    string[] first =
        Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "DiningPhilosophers.dll")] : [];
    List<ChildProcess> children = [];
    for (int seat = 0; seat < philosophers; seat++)
    {
        children.Add(
            ChildProcess.Start(
                program,
                [.. first, "philosopher", $"{seat}", $"{philosophers}", $"{meals}", .. leftFirst ? ["left"] : Array.Empty<string>()],
                options));
    }

    List<StreamReader> said = [.. children.Select(static child => new StreamReader(child.StandardOutput))];
    foreach (StreamReader one in said)
    {
        await one.ReadLineAsync();
    }

    foreach (ChildProcess child in children)
    {
        child.StandardInput.Dispose();
    }

    if (leftFirst)
    {
        Console.Error.WriteLine("each has the left fork, and waits for the right one: see 'fairlead deadlocks'. Ctrl-C ends it.");
    }

    bool isGood = true;
    for (int seat = 0; seat < philosophers; seat++)
    {
        string eaten = await said[seat].ReadToEndAsync();
        ChildExit exit = await children[seat].ExitAsync();
        Console.WriteLine(exit is ChildExit.Exited(0) ? eaten.Trim() : $"philosopher {seat}: {exit}");
        isGood &= exit is ChildExit.Exited(0);
        await children[seat].DisposeAsync();
    }

    // Two processes count each fork, without atomic instructions: the sum is right because one at a time has the fork.
    for (int fork = 0; fork < philosophers; fork++)
    {
        isGood &= forks.At<int>(fork * sizeof(int)) == 2 * meals;
        NamedMutex.Remove($"fork-{fork}");
    }

    Console.WriteLine(isGood ? $"every fork was used {2 * meals} times" : $"not every fork was used {2 * meals} times");
    SharedRegion.Remove("forks");
    NamedMutex.Remove("table");
    return isGood ? 0 : 1;
}

static int Dine(int seat, int philosophers, int meals, bool leftFirst)
{
    // The last philosopher sits between the last fork and fork 0, and begins with the right one, which breaks the circle: the owner of the
    // highest taken fork waits for none.
    int left = seat, right = (seat + 1) % philosophers;
    int first = leftFirst ? left : Math.Min(left, right), second = leftFirst ? right : Math.Max(left, right);
    using var one = NamedMutex.Open($"fork-{first}");
    using var other = NamedMutex.Open($"fork-{second}");
    using var forks = Forks(philosophers);
    ref int usedOne = ref forks.At<int>(first * sizeof(int));
    ref int usedOther = ref forks.At<int>(second * sizeof(int));
    if (!leftFirst)
    {
        WaitForTheOthers();
    }

    for (int meal = 0; meal < meals; meal++)
    {
        using MutexScope inOneHand = Take(one);
        if (leftFirst)
        {
            WaitForTheOthers();
        }

        using MutexScope inTheOther = Take(other);
        usedOne++;
        usedOther++;
    }

    Console.WriteLine($"philosopher {seat} has eaten {meals} times");
    return 0;
}

// Waits until the table closes this input: then all have reached this point.
static void WaitForTheOthers()
{
    Console.WriteLine("ready");
    Console.In.ReadToEnd();
}

static MutexScope Take(NamedMutex fork)
{
    MutexScope taken = fork.Enter();
    if (taken.OwnerDied)
    {
        Console.Error.WriteLine($"{fork.Name} was held by a philosopher that died, and is clean again");
        taken.MarkConsistent();
    }

    return taken;
}

static SharedRegion Forks(int philosophers) => SharedRegion.Open("forks", philosophers * sizeof(int));
