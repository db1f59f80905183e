// Dashboard: machines write their gauges to a board in shared memory, and a panel shows each change. No message is sent.
//
//   dotnet run --project samples/Dashboard -- machine NAME [STEPS]   writes the gauge of a machine; start several at once
//   dotnet run --project samples/Dashboard -- panel COUNT            waits for COUNT machines, and shows each change until all have ended
//   dotnet run --project samples/Dashboard -- remove                 removes the board
//
// Try also: kill -9 of a machine, while the panel runs. Its last value stays, the panel says that it died, and another
// machine of that name may continue. Look from outside: fairlead list --boards
using System.Globalization;
using Fairlead;
using Fairlead.Memory;

int number = args.Length > 1 && int.TryParse(args[^1], CultureInfo.InvariantCulture, out int given) ? given : 100;

try
{
    switch (args)
    {
        case ["machine", var name, ..]:
            await RunMachineAsync(name, number);
            return 0;
        case ["panel", _]:
            await ShowAsync(number);
            return 0;
        case ["remove"]:
            Console.WriteLine($"removed: {SharedBoard.Remove("machines")}");
            return 0;
        default:
            Console.Error.WriteLine("usage: machine NAME [STEPS] | panel COUNT | remove");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static async Task RunMachineAsync(string name, int steps)
{
    using var board = SharedBoard.Open("machines");
    using BoardWriter<Gauge> gauge = board.Write<Gauge>(name);
    using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
    int first = gauge.Value.Step;
    for (int step = first + 1; step <= first + steps && await beat.WaitForNextTickAsync(); step++)
    {
        // All parts change together: no reader ever sees one of them alone.
        gauge.Value = new Gauge(step, 20 + (step * 0.25), IsOn: step < first + steps);
    }

    Console.WriteLine($"{name}: {first + steps} steps");
}

static async Task ShowAsync(int count)
{
    using var board = SharedBoard.Open("machines");
    Console.Error.WriteLine("watching");
    BoardWatch any = board.Watch();
    Dictionary<string, int> shown = [];
    HashSet<string> ended = [];
    while (ended.Count < count)
    {
        foreach (BoardChange change in await any.WaitAsync())
        {
            Gauge now = board.Read<Gauge>(change.Key);
            bool isWhole = now.Step == 0 || now.Degrees == 20 + (now.Step * 0.25);
            if (shown.GetValueOrDefault(change.Key) != now.Step)
            {
                shown[change.Key] = now.Step;
                Console.WriteLine($"{change.Key}: step {now.Step}, {now.Degrees:F2} degrees{(isWhole ? "" : ", which is torn")}");
            }

            if ((change.WriterDied || (now.Step > 0 && !now.IsOn)) && ended.Add(change.Key))
            {
                Console.WriteLine($"{change.Key} {(change.WriterDied ? "died" : "ended")} at step {now.Step}");
            }
        }
    }
}

/// <summary>The state of a machine, as it lies in shared memory.</summary>
internal readonly record struct Gauge(int Step, double Degrees, bool IsOn);
