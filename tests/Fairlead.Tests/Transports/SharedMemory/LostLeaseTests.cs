using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>A message that is dropped without being disposed keeps its place in the ring: both ends can find out.</summary>
public sealed class LostLeaseTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly byte[] Long = new byte[4096];

    [Fact]
    public async Task A_message_that_was_never_disposed_is_reported_with_its_origin_if_tracked()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        using LeaseListener listener = new(receiver.Address.ToString());
        sender.Send(Long);
        Drop(receiver);
        await Until(() => Collected(() => listener.Heard.Count == 1), "it is told of");
        Assert.Contains("Fairlead.TrackLeases", listener.Heard.Single(), StringComparison.Ordinal);

        LeaseWatch.IsTracking = true;
        try
        {
            sender.Send(Long);
            Drop(receiver);
            await Until(() => Collected(() => listener.Heard.Count == 2), "it is told of");
            Assert.Contains(nameof(Drop), listener.Heard.Last(), StringComparison.Ordinal);
        }
        finally
        {
            LeaseWatch.IsTracking = false;
        }
    }

    [Fact]
    public async Task A_disposed_message_or_a_short_copied_message_is_not_reported()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        using LeaseListener listener = new(receiver.Address.ToString());
        for (int i = 0; i < 100; i++)
        {
            sender.Send(Long);
            receiver.Receive().Dispose();
            sender.Send("short"u8);
            Drop(receiver);
        }

        // Events come in order, so a lost one ends the wait.
        sender.Send(Long);
        Drop(receiver);
        await Until(() => Collected(() => !listener.Heard.IsEmpty), "it is told of");
        Assert.Single(listener.Heard);
    }

    [Fact]
    public async Task The_timeout_of_a_sender_says_that_the_receiver_disposes_no_messages()
    {
        (Sender sender, Receiver receiver) = await OpenAsync();
        List<Message> kept = [];
        string error = SendUntilFull(
            sender,
            () =>
            {
                while (receiver.TryReceive(out Message message))
                {
                    kept.Add(message);
                }
            });
        Assert.Contains("of messages and not disposed them", error, StringComparison.Ordinal);
        kept.ForEach(static message => message.Dispose());

        // The sender continues. A receiver that reads nothing gets another text.
        while (receiver.TryReceive(out Message message))
        {
            message.Dispose();
        }

        error = SendUntilFull(sender, static () => { });
        Assert.Contains("the peer did not read, and gave no credit", error, StringComparison.Ordinal);
    }

    /// <summary>Returns the error of the first message that got no credit in time. Credit may arrive late, so the wait is long.</summary>
    private static string SendUntilFull(Sender sender, Action afterEach)
    {
        while (true)
        {
            try
            {
                sender.Send(Long, 200.Milliseconds());
            }
            catch (FairleadException error) when (error.Code == ErrorCode.Timeout)
            {
                return error.Message;
            }

            afterEach();
        }
    }

    private async Task<(Sender Sender, Receiver Receiver)> OpenAsync()
    {
        Receiver receiver = Track(await Receiver.BindAsync($"shm://lost-{Guid.NewGuid():N}"));
        return (Track(await Sender.ConnectAsync(receiver.Address)), receiver);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Drop(Receiver receiver) => Assert.NotEqual(0, receiver.Receive().Length);

    private static bool Collected(Func<bool> isSo)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return isSo();
    }

    private sealed class LeaseListener(string address) : EventListener
    {
        public ConcurrentQueue<string> Heard { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Fairlead")
            {
                EnableEvents(eventSource, EventLevel.Warning);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "LeaseLost" && (string?)eventData.Payload![0] == address)
            {
                Heard.Enqueue((string)eventData.Payload[2]!);
            }
        }
    }
}
