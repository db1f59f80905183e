using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Fairlead.Conformance;
using Fairlead.Diagnostics;

namespace Fairlead.Tests.Diagnostics;

/// <summary>Peers, lists, errors and events show no secret of a program's arguments.</summary>
public sealed class StrangersViewTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task No_view_of_a_process_shows_a_secret_among_its_arguments(string scheme)
    {
        string place = scheme == "tcp" ? "tcp://127.0.0.1:0" : $"{scheme}://view-{Guid.NewGuid():N}";
        using Events events = new();
        ConcurrentQueue<string> seen = new();
        await using (var peer = PeerProcess.Start(
            "responder", "bind", place, $"--token={Secret}", "--password", Secret, $"amqp://guest:{Secret}@broker", $"API_KEY={Secret}"))
        {
            Address address = await peer.AnswerAsync();
            await using Requester requester = await Requester.ConnectAsync(address);
            seen.Enqueue($"{requester.Peers.Single()} {requester.Peers.Single().Program}");
            foreach (EndpointInfo endpoint in EndpointRegistry.List().Where(endpoint => endpoint.ProcessId == peer.Id))
            {
                seen.Enqueue($"{endpoint.Address} {endpoint.Program} {endpoint.Label}");
                Assert.Contains("responder", endpoint.Program, StringComparison.Ordinal);
            }

            FairleadException taken = await Assert.ThrowsAsync<FairleadException>(async () => await Responder.BindAsync(address));
            Assert.Equal(ErrorCode.AlreadyExists, taken.Code);
            seen.Enqueue($"{taken} {taken.Peer?.Program}");
            await peer.TellAsync("hold");
            ValueTask<Message> call = requester.RequestAsync("x"u8.ToArray());
            Assert.Equal("x", await peer.AnswerAsync());
            await peer.KillAsync();
            FairleadException gone = await Assert.ThrowsAsync<FairleadException>(async () => (await call).Dispose());
            seen.Enqueue($"{gone} {gone.Peer?.Program}");
        }

        Assert.True(seen.Count >= 4, $"the list did not show the peer: {string.Join("; ", seen)}");
        Assert.NotEmpty(events.Seen);
        Assert.DoesNotContain(Secret, string.Join('\n', seen.Concat(events.Seen)), StringComparison.Ordinal);
    }

    /// <summary>All that the event source has said since.</summary>
    private sealed class Events : EventListener
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Fairlead")
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData) =>
            Seen.Enqueue(string.Join(' ', eventData.Payload ?? (IEnumerable<object?>)[]));
    }
}
