namespace Fairlead.Bench.Contenders;

/// <summary>A publisher and one subscriber, which reads in one of these forms, and which the publisher waits for.</summary>
internal sealed class FairleadSubscriber(string scheme, Reading reading = Reading.Blocking)
    : Contender<OneWaySender>(Naming.Of($"Publisher to {reading.Text()}", scheme))
{
    public override void Serve(Session session, Action listening)
    {
        // The publisher is the end that binds: the subscriber waits for it.
        listening();
        using Subscribing subscriber = new(session, scheme);
        subscriber.Read(reading);
    }

    public override OneWaySender Connect(Session session) =>
        new Publishing(session, scheme, readers: 1, isTyped: reading == Reading.Values);
}
