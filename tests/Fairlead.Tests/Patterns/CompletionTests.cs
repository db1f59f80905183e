using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Reports how an endpoint ended.</summary>
[SlowRun]
public sealed class CompletionTests(ITestOutputHelper output) : WatchedTest(output)
{
    public static TheoryData<string, string> ConnectedEnds
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string scheme in (string[])["inproc", "shm", "tcp", "tls", "unix", "unixpacket"])
            {
                foreach (string pattern in (string[])["Sender", "Receiver", "Requester", "Responder", "Pair", "Publisher", "Subscriber"])
                {
                    all.Add(scheme, pattern);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(ConnectedEnds))]
    public async Task The_close_of_its_peer_completes_a_connected_endpoint(string scheme, string pattern)
    {
        (MessagingEndpoint bound, MessagingEndpoint connected) = await OpenAsync(scheme, pattern);
        Task<EndpointEnd> asked = connected.Completion;
        Assert.Same(asked, connected.Completion);
        Assert.False(asked.IsCompleted);

        await bound.DisposeAsync();

        EndpointEnd end = await asked;
        Assert.Equal(CloseReason.ClosedByPeer, end.Reason);
        Assert.Equal(ErrorCode.PeerGone, end.Error!.Code);
        Assert.Equal(CloseReason.ClosedByUs, (await bound.Completion).Reason);

        // The result stays the same, also for late callers.
        connected.Dispose();
        Assert.Equal(CloseReason.ClosedByPeer, (await connected.Completion).Reason);
    }

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    [InlineData("tcp")]
    [InlineData("tls")]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    public async Task The_close_of_its_peer_completes_an_idle_endpoint(string scheme)
    {
        await using Pair bound = Pair.Bind(TransportsUnderTest.Of(scheme).NewPlace());
        await using Pair connected = Pair.Connect(bound.Address);
        Task<EndpointEnd> asked = connected.Completion;

        // Once a call that waited has its message, no thread and no reactor looks at the connection.
        for (int i = 0; i < 3; i++)
        {
            Task<Message> waiting = connected.ReceiveAsync().AsTask();
            await bound.SendAsync("a message");
            (await waiting).Dispose();
        }

        bound.Dispose();
        Assert.Equal(CloseReason.ClosedByPeer, (await asked).Reason);
    }

    [Theory]
    [MemberData(nameof(ConnectedEnds))]
    public async Task Completion_read_after_the_end_has_the_same_result(string scheme, string pattern)
    {
        (MessagingEndpoint bound, MessagingEndpoint connected) = await OpenAsync(scheme, pattern);
        bound.Dispose();
        await Until(() => connected.Core.Presence.HasEnded, "the loss is seen");
        Assert.True(connected.Completion.IsCompletedSuccessfully);
        Assert.Equal(CloseReason.ClosedByPeer, (await connected.Completion).Reason);
        Assert.Equal(CloseReason.Aborted, (await bound.Completion).Reason);
    }

    [Fact]
    public async Task The_report_and_the_reason_distinguish_a_close_from_an_abort()
    {
        await using Receiver receiver = await Receiver.BindAsync(NewPlace());
        await using Sender closed = await Sender.ConnectAsync(receiver.Address);
        await using Sender aborted = await Sender.ConnectAsync(receiver.Address);
        Task<EndpointEnd> first = closed.Completion;
        Task<EndpointEnd> second = aborted.Completion;
        closed.Send("1"u8);
        aborted.Send("2"u8);
        Task<CloseReport> closing = closed.CloseAsync(90.Seconds()).AsTask();
        Assert.False(first.IsCompleted);
        aborted.Dispose();
        EndpointEnd abort = await second;
        Assert.Equal((CloseReason.Aborted, new CloseReport(1, 0, 0, 1), null), (abort.Reason, abort.Report, abort.Error));

        // The messages of two senders come in any order.
        await Until(
            () =>
            {
                while (receiver.TryReceive(out Message message))
                {
                    message.Dispose();
                }

                return closing.IsCompleted;
            },
            "the message of the sender that closes is received");
        await closing;
        EndpointEnd close = await first;
        Assert.Equal((CloseReason.ClosedByUs, new CloseReport(1, 1, 0, 0), null), (close.Reason, close.Report, close.Error));
    }

    [Fact]
    public async Task Completion_waits_while_the_endpoint_reconnects_and_completes_when_it_gives_up()
    {
        ManualClock clock = new();
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Address place = receiver.Address;
        Sender sender = Track(await Sender.ConnectAsync(place, new() { ReconnectTimeout = 10.Seconds(), TimeProvider = clock }));
        Task<EndpointEnd> asked = sender.Completion;
        receiver.Dispose();
        await Until(() => sender.Core.Presence.IsReconnecting, "it is sought");
        Assert.False(asked.IsCompleted);
        using (Receiver another = await Receiver.BindAsync(place))
        {
            await Until(
                () =>
                {
                    clock.Advance(10.Milliseconds());
                    return sender.Peers.Count == 1;
                },
                "it is found");
            Assert.False(asked.IsCompleted);
        }

        await Until(
            () =>
            {
                clock.Advance(1.Seconds());
                return asked.IsCompleted;
            },
            "it is given up");
        Assert.Equal((CloseReason.ClosedByPeer, ErrorCode.PeerGone), ((await asked).Reason, (await asked).Error!.Code));
    }

    [Fact]
    public async Task A_continuation_of_Completion_blocks_no_thread_of_the_endpoint()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        using ManualResetEventSlim goOn = new();
        Task blocked = receiver.Completion.ContinueWith(
            _ => goOn.Wait(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        receiver.Dispose();
        Assert.False(blocked.IsCompleted);
        goOn.Set();
        await blocked;
    }

    [Fact]
    public async Task The_completion_task_is_created_only_on_request()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Assert.False(receiver.Core.CompletionSource.IsAskedFor);
        _ = receiver.Completion;
        Assert.True(receiver.Core.CompletionSource.IsAskedFor);
    }

    private static Address NewPlace() => $"inproc://{Guid.NewGuid():N}";

    private async Task<(MessagingEndpoint Bound, MessagingEndpoint Connected)> OpenAsync(string scheme, string pattern)
    {
        Address place = TransportsUnderTest.Of(scheme).NewPlace();
        MessagingEndpoint bound = Track<MessagingEndpoint>(pattern switch
        {
            "Sender" => Receiver.Bind(place),
            "Receiver" => Sender.Bind(place),
            "Requester" => Responder.Bind(place),
            "Responder" => Requester.Bind(place),
            "Pair" => Pair.Bind(place),
            "Publisher" => Subscriber.Bind(place, "t"),
            _ => Publisher.Bind(place),
        });
        MessagingEndpoint connected = Track<MessagingEndpoint>(pattern switch
        {
            "Sender" => await Sender.ConnectAsync(bound.Address),
            "Receiver" => await Receiver.ConnectAsync(bound.Address),
            "Requester" => await Requester.ConnectAsync(bound.Address),
            "Responder" => await Responder.ConnectAsync(bound.Address),
            "Pair" => await Pair.ConnectAsync(bound.Address),
            "Publisher" => await Publisher.ConnectAsync(bound.Address),
            _ => await Subscriber.ConnectAsync(bound.Address, "t"),
        });
        return (bound, connected);
    }
}
