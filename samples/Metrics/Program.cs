// Metrics: how many messages a program has sent, received, dropped and queued, and how long operations took, by a listener of the base
// library. OpenTelemetry and dotnet-counters see the same.
//
//   dotnet run --project samples/Metrics -- server [ADDRESS]          answers requests, and shows its metrics once a second
//   dotnet run --project samples/Metrics -- client [ADDRESS] [COUNT]  sends COUNT requests, and shows its own
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Fairlead;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://measured";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

var durations = new ConcurrentDictionary<string, (long Count, double Seconds)>();
var values = new SortedDictionary<string, long>(StringComparer.Ordinal);
using var listener = new MeterListener();
listener.InstrumentPublished = (instrument, self) =>
{
    if (instrument.Meter.Name == "Fairlead")
    {
        self.EnableMeasurementEvents(instrument);
    }
};

// Counters are read on request, durations are reported as they happen.
listener.SetMeasurementEventCallback<long>(
    (instrument, value, tags, _) => values[$"{instrument.Name} {Tag(tags, "fairlead.pattern")}"] = value);
listener.SetMeasurementEventCallback<double>(
    (instrument, value, tags, _) =>
        durations.AddOrUpdate(
            $"{instrument.Name} {Tag(tags, "messaging.operation.name")}",
            _ => (1, value),
            (_, sum) => (sum.Count + 1, sum.Seconds + value)));
listener.Start();

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await using (var responder = await Responder.BindAsync(address))
            {
                Console.Error.WriteLine($"answering at {responder.Address}");
                var answering = responder.RunAsync(static (request, _) => request.Memory, cancellationToken: stop.Token);
                using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
                while (await second.WaitForNextTickAsync(stop.Token))
                {
                    Show();
                }

                await answering;
            }

            return 0;
        case "client":
            await using (var requester = await Requester.ConnectAsync(address, cancellationToken: stop.Token))
            {
                int count = args.Length > 1 && int.TryParse(args[^1], CultureInfo.InvariantCulture, out int given) ? given : 100;
                for (int i = 0; i < count; i++)
                {
                    using var reply = await requester.RequestAsync("how long does this take?"u8, stop.Token);
                }

                Show();
            }

            return 0;
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | client [ADDRESS] [COUNT]");
            return 2;
    }
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception problem) when (problem is FairleadException or AddressFormatException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

void Show()
{
    listener.RecordObservableInstruments();
    foreach ((string name, long value) in values)
    {
        Console.WriteLine($"{name} {value}");
    }

    foreach ((string name, (long count, double seconds)) in durations)
    {
        Console.WriteLine($"{name} {count} times, {1e6 * seconds / count:0} µs on average");
    }
}

static string Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
{
    foreach ((string key, object? value) in tags)
    {
        if (key == name)
        {
            return $"{value}";
        }
    }

    return "";
}
