using Fairlead.Patterns.Links.Credit;
using Fairlead.Transports;

namespace Fairlead.Tests.Patterns;

/// <summary>Sent and unacknowledged messages, compared with a plain queue of sizes.</summary>
public sealed class UnacknowledgedTests
{
    [Fact]
    public void Any_number_of_messages_is_acknowledged_together() => RandomSeed.Rounds(5, random =>
    {
        Unacknowledged tested = default;
        Queue<long> model = new();
        for (int i = 0; i < 4_000; i++)
        {
            switch (random.Next(12))
            {
                case 0:
                    (long count, long bytes) = (random.Next(40), random.Next(1 << 20));
                    tested.Restore(new BroadcastTally(tested.Sent + count, tested.SentBytes + bytes, count, count == 0 ? 0 : bytes));
                    model = new Queue<long>(Enumerable.Range(0, (int)count).Select(n => n == count - 1 ? bytes : 0));
                    break;
                case < 5 when model.Count > 0:
                    uint acknowledged = (uint)random.Next(model.Count + 1);
                    tested.Acknowledge(acknowledged);
                    model = new Queue<long>(model.Skip((int)acknowledged));
                    break;
                default:
                    long size = random.Next(100_000);
                    tested.Add(size);
                    model.Enqueue(size);
                    break;
            }

            Assert.Equal((model.Count, model.Sum()), (tested.Count, tested.Bytes));
            Assert.Equal(tested.Tally, new BroadcastTally(tested.Sent, tested.SentBytes, tested.Count, tested.Bytes));
        }
    });
}
