using System.Diagnostics.Metrics;

namespace Fairlead.Tests.Diagnostics;

public sealed class EndpointMeterTests
{
    [Fact]
    public async Task A_listener_sees_sent_received_depth_and_peers()
    {
        await using Receiver receiver = await Receiver.BindAsync($"inproc://meter-{Guid.NewGuid():N}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < 5; i++)
        {
            sender.Send(new byte[10]);
        }

        receiver.Receive().Dispose();
        receiver.Receive().Dispose();

        Dictionary<string, long> ofSender = Collect(receiver.Address, "Sender");
        Dictionary<string, long> ofReceiver = Collect(receiver.Address, "Receiver");
        Assert.Equal((5, 50), (ofSender["messaging.client.sent.messages"], ofSender["fairlead.sent.bytes"]));
        Assert.Equal((2, 20), (ofReceiver["messaging.client.consumed.messages"], ofReceiver["fairlead.consumed.bytes"]));
        Assert.Equal((3, 1, 0), (ofReceiver["fairlead.queue.depth"], ofReceiver["fairlead.peers"], ofReceiver["fairlead.messages.dropped"]));
    }

    [Fact]
    public async Task A_closed_endpoint_is_measured_no_more()
    {
        Receiver receiver = await Receiver.BindAsync($"inproc://meter-{Guid.NewGuid():N}");
        Address address = receiver.Address;
        Assert.NotEmpty(Collect(address, "Receiver"));
        await receiver.DisposeAsync();
        Assert.Empty(Collect(address, "Receiver"));
    }

    private static Dictionary<string, long> Collect(Address address, string pattern)
    {
        Dictionary<string, long> values = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Fairlead")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Dictionary<string, object?> named = tags.ToArray().ToDictionary();
            if ((string?)named["messaging.destination.name"] == address.ToString() && (string?)named["fairlead.pattern"] == pattern)
            {
                values[instrument.Name] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }
}
