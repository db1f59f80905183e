using System.Diagnostics;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// A publisher and so many subscribers, each in a process of its own, that it waits for. The server's half starts the subscribers; the
/// client's is the publisher. Each subscriber says over a second connection that the last message of a round has come.
/// </summary>
internal sealed class FairleadBroadcast(string scheme, int readers, string options = "")
    : Contender<OneWaySender>(Naming.Of($"Publisher, {readers} subscribers", scheme, options))
{
    private const string IsReader = "FAIRLEAD_BENCH_READER";

    public override void Serve(Session session, Action listening)
    {
        if (Environment.GetEnvironmentVariable(IsReader) is not null)
        {
            Read(session);
            return;
        }

        List<Process> processes = [];
        for (int i = 0; i < readers; i++)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
            foreach (string argument in Environment
                .GetCommandLineArgs()
                .Skip(Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? 0 : 1))
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment[IsReader] = "1";
            processes.Add(Process.Start(start)!);
        }

        listening();
        processes.ForEach(process => process.WaitForExit());
    }

    public override OneWaySender Connect(Session session)
    {
        var back = Receiver.Bind($"unix://{session.Name}-back");
        var publisher = Publisher.Bind(
            session.AddressOf(scheme, options.Length == 0 ? "" : $"?{options}"),
            new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        while (publisher.Publish("t", "") < readers)
        {
            Thread.Sleep(1);
        }

        return new Client(publisher, back, readers);
    }

    private void Read(Session session)
    {
        using var subscriber = Subscriber.Connect(
            session.AddressOf(scheme, $"?wait=60s&full=wait{(options.Length == 0 ? "" : "&")}{options}"),
            "t",
            new EndpointOptions { HandshakeTimeout = TimeSpan.FromMinutes(1) });
        using var back = Sender.Connect($"unix://{session.Name}-back?wait=60s");
        long due = 0;
        try
        {
            while (true)
            {
                using var message = subscriber.Receive();
                if (message.Length > 0 && Numbered.Check(message.Span, ref due))
                {
                    back.Send([1]);
                }
            }
        }
        catch (FairleadException end) when (end.Code == ErrorCode.PeerGone)
        {
            // The publisher has left, and with it the reason to read.
        }
    }

    private sealed class Client(Publisher publisher, Receiver back, int readers) : OneWaySender
    {
        public override void Send(ReadOnlySpan<byte> message) => publisher.Publish("t", message);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            publisher.Publish("t", message);
            for (int i = 0; i < readers; i++)
            {
                back.Receive().Dispose();
            }
        }

        public override void Dispose()
        {
            publisher.Dispose();
            back.Dispose();
        }
    }
}
