namespace Fairlead.Cli.Bench;

/// <summary>The load of clients that connect, ask, and leave.</summary>
/// <param name="Clients">Clients at the same time, each a thread.</param>
/// <param name="Connections">Connections of each client, one after the other.</param>
/// <param name="Messages">Questions on each connection.</param>
/// <param name="Size">Bytes of each question.</param>
internal sealed record EchoLoad(int Clients, int Connections, int Messages, int Size)
{
    /// <summary>The most clients. They start together at a <see cref="Barrier"/>, which takes one more.</summary>
    public const int MostClients = short.MaxValue - 1;

    /// <summary>A server that does not answer for this long has failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Both ends keep this much for each other: a longer question waits until parts of its answer have been read.</summary>
    private const int SentAtOnce = 64 * 1024;

    /// <summary>Runs all clients, and returns the measurements.</summary>
    public EchoRow Run(string mode, Address address, CancellationToken cancellationToken)
    {
        List<long> firsts = [];
        List<long> trips = [];
        Exception? failure = null;
        Lock gate = new();
        using Barrier start = new(Clients + 1);
        Thread[] threads = [.. Enumerable.Range(0, Clients).Select(_ => new Thread(RunClient) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        start.SignalAndWait(cancellationToken);
        long begin = TimeProvider.System.GetTimestamp();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        double seconds = TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
        cancellationToken.ThrowIfCancellationRequested();
        return failure is null
            ? new EchoRow(mode, new Percentiles(firsts), new Percentiles(trips), seconds)
            : throw new ToolException(ExitCode.Failure, $"mode {mode}: {failure.Message}");

        void RunClient()
        {
            List<long> ownFirsts = [];
            List<long> ownTrips = [];
            try
            {
                start.SignalAndWait(cancellationToken);
                for (int i = 0; i < Connections; i++)
                {
                    Talk(address, ownFirsts, ownTrips, cancellationToken);
                }
            }
            catch (Exception exception)
            {
                lock (gate)
                {
                    failure ??= exception;
                }
            }

            lock (gate)
            {
                firsts.AddRange(ownFirsts);
                trips.AddRange(ownTrips);
            }
        }
    }

    private void Talk(Address address, List<long> firsts, List<long> trips, CancellationToken cancellationToken)
    {
        byte[] question = new byte[Size];
        Random.Shared.NextBytes(question);
        long begin = TimeProvider.System.GetTimestamp();
        using Pair pair = Pair.Connect(address, cancellationToken: cancellationToken);
        for (int i = 0; i < Messages; i++)
        {
            Task sending = Task.CompletedTask;
            if (Size <= SentAtOnce)
            {
                pair.Send(question, cancellationToken: cancellationToken);
            }
            else
            {
                sending = pair.SendAsync(question, cancellationToken).AsTask();
            }

            for (int heard = 0; heard < Size;)
            {
                using Message answer = pair.Receive(Patience, cancellationToken);
                heard += answer.Length;
            }

            sending.GetAwaiter().GetResult();
            long end = TimeProvider.System.GetTimestamp();
            (i == 0 ? firsts : trips).Add((long)TimeProvider.System.GetElapsedTime(begin, end).TotalNanoseconds);
            begin = end;
        }
    }
}
