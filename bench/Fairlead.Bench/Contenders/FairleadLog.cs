using Fairlead.Bench.Scenarios;
using Fairlead.Logs;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Appends to a mapped log, without synchronizing. If followed, the other process reads every record and checks its number meanwhile.
/// </summary>
internal sealed class FairleadLog(bool isFollowed) : Contender<OneWaySender>(isFollowed ? "Fairlead log, followed" : "Fairlead log")
{
    public override void Serve(Session session, Action listening)
    {
        if (!isFollowed)
        {
            Appending.Serve(session, listening);
            return;
        }

        // The record that ends a round is marked; the separate socket asks whether it has come.
        using var log = Open(session);
        using var follower = log.Follow();
        using SemaphoreSlim come = new(0);
        Thread reader = new(() => Read(follower, come)) { IsBackground = true };
        reader.Start();
        Appending.Serve(session, listening, come.Wait);
    }

    private static void Read(LogFollower follower, SemaphoreSlim come)
    {
        try
        {
            long due = 0;
            foreach (LogRecord record in follower.ReadAll())
            {
                if (Numbered.Check(record.Span, ref due))
                {
                    come.Release();
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The client has left.
        }
    }

    public override OneWaySender Connect(Session session) => new Client(session);

    private static MappedLog Open(Session session) =>
        MappedLog.Open($"log://{Path.Combine(Appending.Folder, session.Name)}?keep={Appending.Kept}");

    private sealed class Client(Session session) : OneWaySender
    {
        private readonly Appending _server = new(session);
        private readonly MappedLog _log = Open(session);

        public override void Send(ReadOnlySpan<byte> message) => _log.Append(message);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            _log.Append(message);
            _server.WaitForLast();
        }

        public override void Dispose()
        {
            _server.Dispose();
            _log.Dispose();
        }
    }
}
