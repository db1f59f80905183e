using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Type 1: blocking sends on Fairlead, and a receiver that reads them in one of three forms. The last message is of type 2: its receipt
/// ends the round.
/// </summary>
internal sealed class FairleadStream(string scheme = "unix", Reading reading = Reading.Blocking, string options = "")
    : Contender<OneWaySender>(
        Naming.Of(reading == Reading.Blocking ? "Sender, blocking" : $"Sender to {reading.Text()}", scheme, options.TrimStart('&')))
{
    public override string? Missing => scheme == "amqp" ? BrokerNode.Missing : null;

    public override void Serve(Session session, Action listening)
    {
        using var receiver = Receiver.Bind(TlsPlace.ToBind(session, scheme, options));
        TlsPlace.Publish(session, scheme, receiver.Address.Port);
        listening();
        switch (reading)
        {
            case Reading.Awaited:
                ReadAwaitedAsync(receiver).GetAwaiter().GetResult();
                break;
            case Reading.Loop:
                ReadAllAsync(receiver).GetAwaiter().GetResult();
                break;
            default:
                ReadBlocking(receiver);
                break;
        }
    }

    public override OneWaySender Connect(Session session) =>
        new Client(Sender.Connect(TlsPlace.ToReach(session, scheme, options)), options.Contains("durable", StringComparison.Ordinal));

    private void ReadBlocking(Receiver receiver)
    {
        long due = 0;
        while (true)
        {
            using var message = receiver.Receive();
            Take(message, ref due);
        }
    }

    private async Task ReadAwaitedAsync(Receiver receiver)
    {
        long due = 0;
        while (true)
        {
            using var message = await receiver.ReceiveAsync().ConfigureAwait(false);
            Take(message, ref due);
        }
    }

    private async Task ReadAllAsync(Receiver receiver)
    {
        long due = 0;
        await foreach (var message in receiver.ReceiveAllAsync().ConfigureAwait(false))
        {
            Take(message, ref due);
        }
    }

    private void Take(Message message, ref long due)
    {
        // Over a broker every message waits for this.
        if (Numbered.Check(message.Span, ref due) || scheme == "amqp")
        {
            message.Accept();
        }
    }

    private sealed class Client(Sender sender, bool isConfirmed) : OneWaySender
    {
        // Over a broker a durable Send waits for the confirmation of its one message; the baseline does not, either.
        public override void Send(ReadOnlySpan<byte> message)
        {
            if (!isConfirmed || sender.TrySend(message) != SendResult.Sent)
            {
                sender.Send(message);
            }
        }

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
