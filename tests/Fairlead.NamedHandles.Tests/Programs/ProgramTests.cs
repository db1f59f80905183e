using System.Globalization;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Programs;

/// <summary>The programs over maps, mutexes, semaphores and events, as processes of which some are killed.</summary>
[SlowRun]
public sealed class ProgramTests
{
    private readonly string _name = $"p{Guid.NewGuid():N}";

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task The_bus_reaches_every_subscriber_and_survives_both_sides()
    {
        using PeerProcess one = await PeerProcess.StartAsync("subscribed", "bus", "subscribe", _name);
        using PeerProcess two = await PeerProcess.StartAsync("subscribed", "bus", "subscribe", _name);
        using PeerProcess publisher = PeerProcess.Start("bus", "publish", _name);
        await publisher.TellAsync("a");
        await one.SaysAsync("a");
        await two.SaysAsync("a");

        await two.KillAsync();
        await publisher.TellAsync("b");
        await one.SaysAsync("b");

        using PeerProcess broken = await PeerProcess.StartAsync("inside", "bus", "break", _name);
        await broken.KillAsync();
        await publisher.TellAsync("c", "end");
        await one.SaysAsync("c", "end");
        Assert.Empty(await one.EndAsync());
        Assert.Equal(["published 0", "published 1", "published 2", "published 3"], await publisher.EndAsync());
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task The_ring_passes_each_number_in_order_although_writers_and_readers_are_killed()
    {
        // Keeps the ring alive between the others.
        using PeerProcess idle = await PeerProcess.StartAsync("0", "ring", "write", _name, "0");
        long next = -1;
        for (int i = 0; i < 3; i++)
        {
            using PeerProcess writer = PeerProcess.Start("ring", "write", _name, "0");
            using PeerProcess reader = PeerProcess.Start("ring", "read", _name, "0");
            next = Check(next, [await reader.LineAsync(), await reader.LineAsync()]);
            await writer.KillAsync();
            next = Check(next, await reader.KillAsync());
        }

        await idle.KillAsync();
    }

    [Fact]
    public async Task A_second_start_activates_the_first_and_replaces_a_killed_instance()
    {
        using PeerProcess first = await PeerProcess.StartAsync("first", "single", "start", _name, "one");
        using PeerProcess second = await PeerProcess.StartAsync("asks the first", "single", "start", _name, "two");
        await first.SaysAsync("activated: two");
        Assert.Equal(["handed over"], await second.EndAsync());

        await first.KillAsync();
        using PeerProcess third = await PeerProcess.StartAsync("first", "single", "start", _name, "three");
        using PeerProcess fourth = await PeerProcess.StartAsync("asks the first", "single", "start", _name, "four");
        await third.SaysAsync("activated: four");
        Assert.Empty(await third.EndAsync());
    }

    [Fact]
    public async Task A_second_start_that_is_killed_does_not_disturb_the_first()
    {
        using PeerProcess first = await PeerProcess.StartAsync("first", "single", "start", _name, "one");
        first.Stop();
        using PeerProcess second = await PeerProcess.StartAsync("asks the first", "single", "start", _name, "two");
        await second.KillAsync();
        using PeerProcess third = await PeerProcess.StartAsync("asks the first", "single", "start", _name, "three");
        first.Continue();
        await third.SaysAsync("handed over");

        // The second may have been killed before it wrote its argument, or after it woke the first.
        string[] lines = await first.EndAsync();
        Assert.Contains("activated: three", lines);
        Assert.Empty(lines.Except(["activated: two", "activated: three"]));
    }

    [Fact]
    public async Task Settings_stay_consistent_although_a_writer_is_killed()
    {
        using PeerProcess holder = await PeerProcess.StartAsync("kept", "settings", "keep", _name);
        using PeerProcess setting = await PeerProcess.StartAsync("set", "settings", "set", _name, "colour", "blue");
        using PeerProcess broken = await PeerProcess.StartAsync("inside", "settings", "break", _name, "colour", "green");
        await broken.KillAsync();

        using PeerProcess getting = await PeerProcess.StartAsync("blue", "settings", "get", _name, "colour");
        Assert.Empty(await setting.EndAsync());
        Assert.Empty(await getting.EndAsync());
        await holder.KillAsync();
        using PeerProcess later = await PeerProcess.StartAsync("(none)", "settings", "get", _name, "colour");
    }

    [Fact]
    public async Task Consumers_share_the_items_and_stop_together()
    {
        using PeerProcess one = await PeerProcess.StartAsync("ready", "queue", "consume", _name);
        using PeerProcess producer = PeerProcess.Start("queue", "produce", _name);
        await producer.TellAsync("hang");
        await one.SaysAsync("got hang");
        await one.KillAsync();
        using PeerProcess next = PeerProcess.Start("queue", "produce", _name);
        await next.TellAsync("a");
        await next.SaysAsync("put a");
        await producer.TellAsync("b");
        await producer.SaysAsync("put hang", "put b");
        await producer.KillAsync();

        using PeerProcess two = PeerProcess.Start("queue", "consume", _name);
        await two.SaysAsync("got a", "got b", "ready");
        await next.TellAsync("stop");
        Assert.Equal(["consumed 2"], await two.EndAsync());
        Assert.Equal(["stopped"], await next.EndAsync());
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task The_viewer_shows_each_step_and_the_death_of_the_worker()
    {
        using PeerProcess worker = await PeerProcess.StartAsync("started", "progress", "work", _name, "3");
        using PeerProcess viewer = await PeerProcess.StartAsync("0 of 3", "progress", "watch", _name);
        await worker.TellAsync("step");
        await viewer.SaysAsync("1 of 3");
        await viewer.KillAsync();
        using PeerProcess other = await PeerProcess.StartAsync("1 of 3", "progress", "watch", _name);
        await worker.TellAsync("step");
        await other.SaysAsync("2 of 3");
        await worker.KillAsync();
        await other.SaysAsync("the worker died at 2 of 3");
        Assert.Empty(await other.EndAsync());

        using PeerProcess last = await PeerProcess.StartAsync("started", "progress", "work", _name, "1");
        using PeerProcess third = await PeerProcess.StartAsync("0 of 1", "progress", "watch", _name);
        await last.TellAsync("step");
        await third.SaysAsync("1 of 1", "finished");
        Assert.Empty(await last.EndAsync());
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task The_cache_recovers_from_killed_readers_and_writers()
    {
        using PeerProcess holder = await PeerProcess.StartAsync("kept", "cache", "keep", _name);
        using PeerProcess one = await PeerProcess.StartAsync("reading", "cache", "read", _name);
        using PeerProcess two = await PeerProcess.StartAsync("reading", "cache", "read", _name);
        using PeerProcess writer = PeerProcess.Start("cache", "put", _name, "key", "value");
        await one.TellAsync("leave");
        Assert.Empty(await one.EndAsync());
        await two.KillAsync();
        await writer.SaysAsync("put");
        using PeerProcess finding = await PeerProcess.StartAsync("value", "cache", "find", _name, "key");

        using PeerProcess torn = await PeerProcess.StartAsync("writing", "cache", "write", _name);
        using PeerProcess waiting = PeerProcess.Start("cache", "find", _name, "key");
        await torn.KillAsync();
        await waiting.SaysAsync("(none)");
        Assert.Empty(await holder.EndAsync());
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task The_watchdog_reports_the_death_of_a_worker_and_is_replaced()
    {
        using PeerProcess first = await PeerProcess.StartAsync("waiting", "watchdog", "watch", _name);
        await first.SaysAsync("watches");
        using PeerProcess second = await PeerProcess.StartAsync("waiting", "watchdog", "watch", _name);
        using PeerProcess worker = await PeerProcess.StartAsync("works", "watchdog", "work", _name);
        await first.SaysAsync("a worker starts");
        await worker.TellAsync("beat");
        await first.SaysAsync("beat");
        await worker.KillAsync();
        await first.SaysAsync("the worker died");

        await first.KillAsync();
        await second.SaysAsync("takes over");
        using PeerProcess another = await PeerProcess.StartAsync("works", "watchdog", "work", _name);
        await second.SaysAsync("a worker starts");
        Assert.Empty(await another.EndAsync());
        await second.SaysAsync("the worker ended");
        Assert.Empty(await second.EndAsync());
    }

    [FullRun(Reason.Repeats)]
    [Fact]
    public async Task A_build_continues_at_the_next_node_and_a_node_ends_with_its_host()
    {
        string request = new('x', 12_345);
        using PeerProcess host = await PeerProcess.StartAsync("host", "node", "host", _name);
        using PeerProcess slow = await PeerProcess.StartAsync("node", "node", "slow", _name);
        await host.TellAsync(request);
        await slow.SaysAsync("working");
        await slow.KillAsync();
        using PeerProcess next = await PeerProcess.StartAsync("node", "node", "node", _name);
        await host.SaysAsync("the node ended", $"built {request}");

        await host.KillAsync();
        Assert.Equal(["the host ended"], await next.EndAsync());
    }

    // The numbers rise; a reader that was killed may have taken one along.
    private static long Check(long last, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            long value = long.Parse(line, CultureInfo.InvariantCulture);
            Assert.True(value > last, $"{value} follows {last}.");
            last = value;
        }

        return last;
    }
}
