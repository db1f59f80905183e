using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>
/// A closed loop: one call after the other, each timed from before its request is sent until its reply arrives. With a silence,
/// the client sleeps before each call, outside of the measured time; both processes are then asleep when the call starts.
/// </summary>
internal sealed class RoundTrip(string name, int messageSize, TimeSpan silence, params Contender[] contenders) : Scenario(name, messageSize)
{
    private const int MaxSamples = 1 << 21;

    public override string Measures => silence == TimeSpan.Zero
        ? $"{MessageSize} B there and back, one call after the other"
        : $"{MessageSize} B there and back, each call after {silence.TotalMilliseconds} ms of silence";

    public override bool IsTime => true;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var caller = ((Contender<Caller>)contender).Connect(session);
        long[] samples = new long[MaxSamples];
        return new RoundRunner(caller, length =>
        {
            caller.BeginRound();
            try
            {
                return caller switch
                {
                    BlockingCaller blocking => Measure(blocking, length, samples),
                    AsyncCaller asynchronous => MeasureAsync(asynchronous, length, samples).GetAwaiter().GetResult(),
                    _ => throw new NotSupportedException($"{caller.GetType()} neither blocks nor awaits"),
                };
            }
            finally
            {
                caller.EndRound();
            }
        });
    }

    private Round Measure(BlockingCaller caller, TimeSpan length, long[] samples)
    {
        byte[] request = new byte[MessageSize];
        byte[] reply = new byte[MessageSize];
        int count = 0;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        long now = begin;
        while (now < end && count < samples.Length)
        {
            long start = now;
            if (silence > TimeSpan.Zero)
            {
                Thread.Sleep(silence);
                start = Stopwatch.GetTimestamp();
            }

            BitConverter.TryWriteBytes(request, count);
            caller.Call(request, reply);
            now = Stopwatch.GetTimestamp();
            samples[count] = now - start;
            RequireEcho(reply, count++);
        }

        return Round.Of(samples.AsSpan(0, count), now - begin, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    /// <summary>
    /// The same with awaits. The pause is the same too: a timer would wake one thread that wakes another, often on the other core, and the
    /// measurement would include that.
    /// </summary>
    private async Task<Round> MeasureAsync(AsyncCaller caller, TimeSpan length, long[] samples)
    {
        byte[] request = new byte[MessageSize];
        byte[] reply = new byte[MessageSize];
        int count = 0;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        long now = begin;
        while (now < end && count < samples.Length)
        {
            long start = now;
            if (silence > TimeSpan.Zero)
            {
                Thread.Sleep(silence);
                start = Stopwatch.GetTimestamp();
            }

            BitConverter.TryWriteBytes(request, count);
            await caller.CallAsync(request, reply).ConfigureAwait(false);
            now = Stopwatch.GetTimestamp();
            samples[count] = now - start;
            RequireEcho(reply, count++);
        }

        return Round.Of(samples.AsSpan(0, count), now - begin, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private static void RequireEcho(byte[] reply, int expected)
    {
        if (BitConverter.ToInt32(reply) != expected)
        {
            throw new InvalidDataException($"call {expected} got the reply of call {BitConverter.ToInt32(reply)}");
        }
    }
}
