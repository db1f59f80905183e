using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Lab.Experiments;

/// <summary>Producer and consumer with two semaphores and a buffer in shared memory.</summary>
internal sealed class BoundedBuffer : Experiment
{
    private const int Capacity = 4;
    private const int Items = 12;

    public override string Name => "bounded-buffer";

    public override string Question => "Producer and consumer: what keeps the buffer from running over?";

    public override string Watch =>
        "The producer sleeps on a semaphore while the buffer of four is full, and the consumer while it is empty.";

    public override IReadOnlyList<Role> Roles => [new("producer", Produce), new("consumer", Consume)];

    public override async Task PlayAsync(Director director)
    {
        ActorProcess producer = director.Start("producer");
        await producer.ReachesAsync("ready");
        ActorProcess consumer = director.Start("consumer");
        await consumer.ReachesAsync("ready");
        consumer.Go("ready");
        string empty = await consumer.SleepsAsync();
        bool hadNothing = !consumer.HasReached("first");
        producer.Go("ready");
        await consumer.ReachesAsync("first");
        await producer.ReachesAsync("full");
        string full = await producer.SleepsAsync();
        bool wasFull = !producer.HasReached("all");
        consumer.Go("first");
        await producer.FinishesAsync();
        await consumer.FinishesAsync();
        director.Claim("The consumer slept while the buffer was empty.", hadNothing, $"it slept in {empty}");
        director.Claim("The producer slept while the buffer was full.", wasFull, $"it slept in {full}");
        director.Claim(
            "Every item was taken once, in order.",
            consumer.Fact("items") == string.Join(' ', Enumerable.Range(1, Items)),
            consumer.Fact("items"));
    }

    private static (SharedRegion Buffer, NamedSemaphore Free, NamedSemaphore Filled) Open() => (
        SharedRegion.Open("buffer", 4096),
        NamedSemaphore.Open("free", Capacity),
        NamedSemaphore.Open("filled", 0, Capacity));

    private static void Produce(Actor actor)
    {
        (SharedRegion buffer, NamedSemaphore free, NamedSemaphore filled) = Open();
        actor.Turn("ready");
        for (int item = 1; item <= Items; item++)
        {
            if (item == Capacity + 2)
            {
                // The consumer has taken one item, so the buffer is full with this many.
                actor.Reaches("full");
                using (actor.Waits("for a free place", "has a free place"))
                {
                    free.Take();
                }
            }
            else
            {
                free.Take();
            }

            buffer.At<int>(item % Capacity * sizeof(int)) = item;
            actor.Sends($"{item}", $"item {item}");
            filled.Post();
        }

        actor.Reaches("all");
        Close(buffer, free, filled);
    }

    private static void Consume(Actor actor)
    {
        (SharedRegion buffer, NamedSemaphore free, NamedSemaphore filled) = Open();
        actor.Turn("ready");
        List<int> items = [];
        while (items.Count < Items)
        {
            if (items.Count == 0)
            {
                using (actor.Waits("for an item", "has an item"))
                {
                    filled.Take();
                }
            }
            else
            {
                filled.Take();
            }

            int item = buffer.At<int>((items.Count + 1) % Capacity * sizeof(int));
            actor.Receives($"{item}", $"item {item}");
            items.Add(item);
            free.Post();
            if (items.Count == 1)
            {
                actor.Turn("first");
            }
        }

        actor.Fact("items", string.Join(' ', items));
        Close(buffer, free, filled);
    }

    private static void Close(params IDisposable[] all)
    {
        foreach (IDisposable one in all)
        {
            one.Dispose();
        }
    }
}
