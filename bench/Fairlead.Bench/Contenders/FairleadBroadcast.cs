using System.Diagnostics;
using Fairlead.Bench.Running;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// A publisher that waits for its subscribers, each in a separate process. The server's half starts the subscribers; the client's half is
/// the publisher. Each subscriber reports the last message of a round over a second connection.
/// </summary>
internal sealed class FairleadBroadcast(string scheme, int readers, string options = "")
    : Contender<OneWaySender>(Naming.Of($"Publisher, {readers} subscribers", scheme, options))
{
    private const string IsReader = "FAIRLEAD_BENCH_READER";

    public override void Serve(Session session, Action listening)
    {
        if (Environment.GetEnvironmentVariable(IsReader) is not null)
        {
            using Subscribing subscriber = new(session, scheme, options);
            subscriber.Read(Reading.Blocking);
            return;
        }

        List<Process> processes = [];
        for (int i = 0; i < readers; i++)
        {
            ProcessStartInfo start = BenchProgram.This.Start(Environment.GetCommandLineArgs()[1..]);
            start.RedirectStandardInput = start.RedirectStandardOutput = true;
            start.Environment[IsReader] = "1";
            processes.Add(Process.Start(start)!);
        }

        listening();
        processes.ForEach(process => process.WaitForExit());
    }

    public override OneWaySender Connect(Session session) => new Publishing(session, scheme, readers, options);
}
