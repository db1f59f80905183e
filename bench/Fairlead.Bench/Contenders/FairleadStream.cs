using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>Type 1: blocking sends on Fairlead to a blocking receiver. The last message is of type 2: its receipt ends the round.</summary>
internal sealed class FairleadStream(string scheme = "unix")
    : Contender<OneWaySender>(scheme == "unix" ? "Sender, blocking" : $"Sender, blocking, {scheme}")
{
    public override void Serve(Session session, Action listening)
    {
        using var receiver = Receiver.Bind($"{scheme}://{session.Name}");
        listening();
        long due = 0;
        while (true)
        {
            using var message = receiver.Receive();
            if (Numbered.Check(message.Span, ref due))
            {
                message.Accept();
            }
        }
    }

    public override OneWaySender Connect(Session session) => new Client(Sender.Connect($"{scheme}://{session.Name}"));

    private sealed class Client(Sender sender) : OneWaySender
    {
        public override void Send(ReadOnlySpan<byte> message) => sender.Send(message);

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            if (sender.Deliver(message) is { IsDelivered: false } lost)
            {
                throw new IOException($"the last message was not delivered: {lost}");
            }
        }

        public override void Dispose() => sender.Dispose();
    }
}
