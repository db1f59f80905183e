// A work queue: each job goes to one of many workers. A job whose worker dies goes to another.
//
//   dotnet run --project samples/WorkQueue -- server [ADDRESS]
//   dotnet run --project samples/WorkQueue -- worker [ADDRESS]                 as many as you like
//   dotnet run --project samples/WorkQueue -- client [ADDRESS] JOB …
//
// A job is a number of seconds and a text: "0.5 dig". Try also: kill -9 a busy worker.
using System.Globalization;
using System.Text;
using Fairlead;

string address = args.FirstOrDefault(static argument => argument.Contains("://")) ?? "unix://jobs";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => { pressed.Cancel = true; stop.Cancel(); };

try
{
    switch (args.FirstOrDefault())
    {
        case "server":
            await using (var queue = await WorkQueue.BindAsync(
                address,
                new()
                {
                    Prefetch = 1,
                    MaxDeliveries = 3,
                    DeadLetter = GiveUpAsync,
                }))
            {
                Console.Error.WriteLine($"queueing at {queue.Address}");
                await Task.Delay(Timeout.Infinite, stop.Token);
            }

            return 0;
        case "worker":
            await WorkAsync();
            return 0;
        case "client":
            return await AskAsync(args.Skip(1).Where(static argument => !argument.Contains("://")));
        default:
            Console.Error.WriteLine("usage: server [ADDRESS] | worker [ADDRESS] | client [ADDRESS] JOB …");
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

ValueTask GiveUpAsync(DeadLetter letter)
{
    Console.WriteLine($"given up: {Encoding.UTF8.GetString(letter.Payload.Span)} ({letter.Reason})");
    return default;
}

async Task WorkAsync()
{
    // A worker is a receiver like any other, that connects to the queue.
    await using var worker = await Receiver.ConnectAsync(address, cancellationToken: stop.Token);
    Console.Error.WriteLine("waiting for work");
    await foreach (var job in worker.ReceiveAllAsync(stop.Token))
    {
        if (job.Text.Split(' ', 2) is not [var length, var what]
            || !double.TryParse(length, CultureInfo.InvariantCulture, out double seconds))
        {
            // The job goes to another worker. The queue gives it up after the third.
            job.Reject("a job begins with a number of seconds");
            continue;
        }

        // At least once: a job that another worker may have done is marked.
        Console.WriteLine(job.Redelivered ? $"{what}, perhaps again" : what);
        await Task.Delay(TimeSpan.FromSeconds(seconds), stop.Token);

        // Asking for the next job accepts this one.
    }
}

async Task<int> AskAsync(IEnumerable<string> jobs)
{
    await using var sender = await Sender.ConnectAsync(address, cancellationToken: stop.Token);

    // The receipt comes from the worker: it means that the job is done.
    bool[] done = await Task.WhenAll(jobs.Select(async job =>
    {
        Delivery delivery = await sender.DeliverAsync(Encoding.UTF8.GetBytes(job), cancellationToken: stop.Token);
        Console.WriteLine($"{job}: {delivery}");
        return delivery.IsDelivered;
    }));
    return Array.TrueForAll(done, static one => one) ? 0 : 1;
}
