using System.Diagnostics.Metrics;

namespace Fairlead.Tests.Diagnostics;

/// <summary>An endpoint that has ended is measured once more. Alone: a listener of another test would take that measurement.</summary>
[Collection(nameof(Alone))]
public sealed class EndedEndpointMeterTests
{
    [Fact]
    public async Task The_counts_of_a_closed_endpoint_are_reported_once()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        List<(string Name, long Value)> seen = [];
        using MeterListener listener = Listen(name, seen);
        await using (Receiver receiver = await Receiver.BindAsync(name))
        {
            await using Sender sender = await Sender.ConnectAsync(name);
            await Task.WhenAll(sender.DeliverAsync(new byte[10]).AsTask(), Read(receiver));
        }

        listener.RecordObservableInstruments();
        Assert.Contains(("messaging.client.sent.messages", 1), seen);
        Assert.Contains(("fairlead.sent.bytes", 10), seen);
        Assert.Contains(("messaging.client.consumed.messages", 1), seen);
        Assert.All(
            seen.Where(static one => one.Name is "fairlead.peers" or "fairlead.queue.depth"), static one => Assert.Equal(0, one.Value));

        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(seen);
    }

    [Fact]
    public async Task Counts_of_closed_endpoints_are_not_kept_without_a_listener()
    {
        string name = $"inproc://meter-{Guid.NewGuid():N}";
        await (await Receiver.BindAsync(name)).DisposeAsync();
        List<(string Name, long Value)> seen = [];
        using MeterListener listener = Listen(name, seen);
        listener.RecordObservableInstruments();
        Assert.Empty(seen);
    }

    [Fact]
    public async Task At_most_256_closed_endpoints_are_kept_for_a_listener_that_does_not_collect()
    {
        List<(string Name, long Value)> seen = [];
        using MeterListener listener = Listen("inproc://many", seen);
        for (int i = 0; i < 300; i++)
        {
            await (await Receiver.BindAsync("inproc://many")).DisposeAsync();
        }

        listener.RecordObservableInstruments();
        Assert.Equal(256, seen.Count(static one => one.Name == "fairlead.peers"));
    }

    private static async Task Read(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync();
        message.Accept();
    }

    private static MeterListener Listen(string name, List<(string Name, long Value)> seen)
    {
        MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Meter.Name == "Fairlead")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new("messaging.destination.name", name)))
            {
                seen.Add((instrument.Name, value));
            }
        });
        listener.Start();
        return listener;
    }
}
