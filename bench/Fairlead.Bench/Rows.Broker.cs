using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>A broker, where one is named.</content>
internal static partial class Rows
{
    private static IEnumerable<Scenario> Broker =>
        [
            new OneWay(
                "amqp-stream",
                64,
                new AmqpStream(isDurable: false),
                new FairleadStream("amqp") { Goal = 1 / 1.2 },
                new FairleadStream("amqp", Reading.Loop) { Goal = 1 / 1.2 }),
            new OneWay(
                "amqp-stream-durable",
                64,
                new AmqpStream(isDurable: true),
                new FairleadStream("amqp", options: "&durable=true") { Goal = 1 / 1.2 },
                new FairleadStream("amqp", Reading.Loop, "&durable=true") { Goal = 1 / 1.2 }),
            new OneWay("work", 64, new AmqpStream(isDurable: false), new FairleadWork(isStored: false)),
            new OneWay("work-stored", 64, new AmqpStream(isDurable: true), new FairleadWork(isStored: true)),
            new RoundTrip(
                "amqp-call",
                64,
                TimeSpan.Zero,
                new AmqpCalls(),
                new FairleadHandled("amqp") { Goal = 1.2 },
                new FairleadAsyncCalls("amqp") { Goal = 1.2 },
                new FairleadCalls("amqp")),

            // The same, where a loop of the main thread answers in both programs.
            new RoundTrip(
                "amqp-call-loop",
                64,
                TimeSpan.Zero,
                new AmqpCalls(inLoop: true),
                new FairleadCalls("amqp") { Goal = 1.2 }),
        ];
}
