// A server that signals control: at SIGHUP it reads its settings again, SIGALRM is the alarm that it has set itself, and at SIGTERM and
// Ctrl-C it ends in order.
//
//   dotnet run --project samples/Signals -- serve FILE [SECONDS]    the settings are FILE; the alarm rings every SECONDS
//   dotnet run --project samples/Signals -- send PID@START SIGNAL   to the process that the server names at its start, and no later one
//   dotnet run --project samples/Signals -- wait PID                waits until a process has ended, whatever its parent
//
// Try also: kill -HUP PID; fairlead signal --probe PID; and a number with a real-time signal, which arrives if the server was started with
// the signal blocked:
//   env --block-signal=RTMIN+1 dotnet run --project samples/Signals -- serve FILE      and      fairlead signal PID RTMIN+1 --value 42
using System.Globalization;
using Fairlead;
using Fairlead.Processes;

try
{
    switch (args)
    {
        case ["serve", var file, .. var rest]:
            await ServeAsync(file, TimeSpan.FromSeconds(rest is [var seconds] ? double.Parse(seconds, CultureInfo.InvariantCulture) : 1));
            return 0;
        case ["send", var process, var signal]:
            Signals.Send(ProcessIdentity.Parse(process), Signal.Parse(signal));
            return 0;
        case ["wait", var pid]:
            using (var process = ProcessHandle.Open(int.Parse(pid, CultureInfo.InvariantCulture)))
            {
                Console.WriteLine($"waiting for process {pid}");
                await process.WaitForExitAsync();
            }

            return 0;
        default:
            Console.Error.WriteLine("usage: serve FILE [SECONDS] | send PID@START SIGNAL | wait PID");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static async Task ServeAsync(string file, TimeSpan beat)
{
    Signal order = Signal.RealTime(1);
    string settings = File.ReadAllText(file).Trim();
    var signals = Signals.ListenAsync([Signal.Hangup, Signal.Terminate, Signal.Interrupt, order]);
    Console.WriteLine($"serving as {ProcessIdentity.Current} with {settings}");

    // Handled until the process ends. Otherwise an alarm that arrives after the last handler would end the process.
    int beats = 0;
    _ = Signals.Handle(Signal.Alarm, signal => Console.WriteLine($"beat {beats += signal.Count}"));
    Signals.Alarm(beat, every: beat);
    await foreach (var signal in signals)
    {
        if (signal.Signal == Signal.Hangup)
        {
            settings = File.ReadAllText(file).Trim();
            Console.WriteLine($"settings: {settings}");
        }
        else if (signal.Signal == order)
        {
            var value = signal.Value?.ToString(CultureInfo.InvariantCulture);
            Console.WriteLine($"order: {value ?? "without a number: this process was not started with the signal blocked"}");
        }
        else
        {
            Console.WriteLine($"{signal.Signal}: ending");
            Signals.Alarm(TimeSpan.Zero);
            return;
        }
    }
}
