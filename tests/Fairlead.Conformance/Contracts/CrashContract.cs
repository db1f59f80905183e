using System.Globalization;
using System.Text.RegularExpressions;
using Fairlead.Diagnostics;
using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// The other process is killed, or stopped, at each stage: every pending call ends as documented, the name is free at once, and the next
/// server replaces everything that is left.
/// </summary>
[SlowRun]
public abstract partial class CrashContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task Connecting_fails_if_the_receiver_is_stopped_before_the_handshake_and_then_killed(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        await peer.StopAsync();
        EndpointOptions impatient = new() { HandshakeTimeout = 200.Milliseconds() };
        if (Transport.IsVisitedAgain)
        {
            await FailsAsync(ErrorCode.Timeout, () => ConnectAsync(address, calls, impatient));
        }

        Task<Sender> connecting = ConnectAsync(address, calls, new EndpointOptions { HandshakeTimeout = 90.Seconds() });
        await peer.KillAsync();

        FairleadException error = await Assert.ThrowsAsync<FairleadException>(() => connecting);
        Output.WriteLine(error.Message);
        Assert.True(error.Code is ErrorCode.PeerGone or ErrorCode.NotFound, error.Message);
        await IsFreeAsync(address, peer);
    }

    [Fact]
    public async Task A_sender_notices_that_an_idle_receiver_was_killed()
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        Sender sender = Track(await Sender.ConnectAsync(address));
        await peer.KillAsync();

        await Until(() => Is(sender, SendResult.PeerGone), "the death is seen");
        await FailsAsync(ErrorCode.PeerGone, async () => await sender.SendAsync("x"u8));
        Fails(ErrorCode.PeerGone, () => sender.Send("x"u8));
        Delivery delivery = await sender.DeliverAsync("x"u8);
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.PeerGone), (delivery.Status, delivery.Cause));
        await IsFreeAsync(address, peer);
    }

    [Fact]
    public async Task A_loan_outlives_the_receiver_that_was_to_read_it()
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        Sender sender = Track(await Sender.ConnectAsync(address));
        using Loan loan = sender.Loan(20_000);
        Payload.Write(loan.Span, 1);
        await peer.KillAsync();
        await Until(() => sender.TrySend(default) == SendResult.PeerGone, "the death is seen");

        Payload.Write(loan.Span, 2);
        FairleadException error = Assert.Throws<FairleadException>(() => loan.Send());
        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal((2, 0), Payload.Check(loan.Span));
        sender.Dispose();
        Payload.Write(loan.Span, 3);
        Assert.Equal((3, 0), Payload.Check(loan.Span));
        Assert.Throws<ObjectDisposedException>(() => loan.Send());
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_receiver_killed_in_the_middle_of_a_stream_fails_the_send_and_every_message_is_reported(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        Sender sender = Track(await Sender.ConnectAsync(address));
        await peer.AskAsync("run");
        Task sending = calls == Calls.Blocking
            ? OnThread(() =>
            {
                for (int i = 0; ; i++)
                {
                    sender.Send(Payload.Make(i, 1_000));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; ; i++)
                {
                    await sender.SendAsync(Payload.Make(i, 1_000).AsMemory());
                }
            });
        await Until(() => sender.Statistics.MessagesSent > 2_000, "the stream runs");

        await peer.KillAsync();

        FairleadException error = await FailsAsync(ErrorCode.PeerGone, () => sending);
        Output.WriteLine(error.Message);
        CloseReport report = await sender.CloseAsync();
        Output.WriteLine(report.ToString());
        Assert.Equal(sender.Statistics.MessagesSent, report.Sent);
        Assert.Equal(report.Sent, report.Acknowledged + report.NotDelivered + report.InDoubt);
        Assert.Equal(0, report.NotDelivered);
        await IsFreeAsync(address, peer);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_receiver_killed_in_the_middle_of_a_long_message_fails_the_send(Calls calls)
    {
        // It is stopped first: then the message is certainly half way.
        (PeerProcess peer, Address address) = await StartAsync("receiver", Transport.IsNetwork ? "maxmessage=256MiB" : "");
        Sender sender = Track(await Sender.ConnectAsync(address));
        await peer.StopAsync();
        ReadOnlyMemory<byte> large = Payload.Shared(0, 100 << 20);
        Task sending = calls == Calls.Blocking ? OnThread(() => sender.Send(large.Span)) : sender.SendAsync(large).AsTask();
        Task<Delivery> delivering = sender.DeliverAsync("behind it"u8).AsTask();
        await Until(() => sender.Statistics.MessagesSent > 0, "it is being written");
        if (Transport.KeepsBoundaries)
        {
            // It is cut into packets in memory of the connection: then it is buffered, whatever happens to the peer.
            await sending;
        }

        await peer.KillAsync();

        if (Transport.KeepsBoundaries)
        {
            await FailsAsync(ErrorCode.PeerGone, async () => await sender.SendAsync("x"u8));
        }
        else
        {
            await FailsAsync(ErrorCode.PeerGone, () => sending);
        }

        Delivery delivery = await delivering;
        Assert.True(delivery.Status == DeliveryStatus.NotDelivered || Transport.IsNetwork, delivery.ToString());
        await IsFreeAsync(address, peer);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task After_a_receiver_is_killed_its_current_message_is_unknown_and_an_unread_one_not_delivered(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        Sender sender = Track(await Sender.ConnectAsync(address));
        Task<Delivery> inHand = DeliverAsync(sender, calls, 0);
        await peer.AskAsync("hold");
        Task<Delivery> unread = DeliverAsync(sender, calls, 1);
        await Until(() => sender.Statistics.MessagesSent == 2, "both are sent");

        await peer.KillAsync();

        Delivery first = await inHand;
        Delivery second = await unread;
        Output.WriteLine($"{first}; {second}");
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.PeerGone), (first.Status, first.Cause));

        // From another host the last acknowledgement may be lost: without an orderly end nothing is certain.
        Assert.Equal(ErrorCode.PeerGone, second.Cause);
        Assert.True(second.Status == DeliveryStatus.NotDelivered || Transport.IsNetwork, second.ToString());
        await IsFreeAsync(address, peer);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_stopped_receiver_gives_no_receipt_until_it_is_continued(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver");
        Sender sender = Track(await Sender.ConnectAsync(With(address, "heartbeat=0")));
        await peer.StopAsync();

        Delivery delivery = calls == Calls.Blocking
            ? await OnThread(() => sender.Deliver("x"u8, 100.Milliseconds()))
            : await sender.DeliverAsync("x"u8, 100.Milliseconds());
        Assert.Equal((DeliveryStatus.Unknown, ErrorCode.Timeout), (delivery.Status, delivery.Cause));
        while (sender.TrySend(new byte[10_000]) == SendResult.Sent)
        {
        }

        await OnThread(() => Fails(ErrorCode.Timeout, () => sender.Send(new byte[10_000], 50.Milliseconds())));
        using CancellationTokenSource cancel = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await sender.SendAsync(new byte[10_000], cancel.Token));
        delivery = await sender.DeliverAsync(new byte[10_000], 50.Milliseconds());
        Assert.Equal((DeliveryStatus.NotDelivered, ErrorCode.Timeout), (delivery.Status, delivery.Cause));

        // Closing is bounded nevertheless.
        CloseReport report = await EndsAtAsync(100.Milliseconds(), sender.CloseAsync(100.Milliseconds()).AsTask());
        Assert.Equal(sender.Statistics.MessagesSent, report.InDoubt);
        peer.Continue();
        if (Transport.IsVisitedAgain)
        {
            Sender next = Track(await Sender.ConnectAsync(address));
            Assert.Single(next.Peers);
        }
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_long_message_to_a_stopped_receiver_can_be_given_up(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("receiver", Transport.IsNetwork ? "maxmessage=256MiB" : "");
        Sender sender = Track(await Sender.ConnectAsync(With(address, "heartbeat=0")));
        await peer.StopAsync();
        byte[] large = Payload.Make(0, 40 << 20);
        using CancellationTokenSource cancel = new();
        Task sending = calls == Calls.Blocking
            ? OnThread(() => sender.Send(large, null, cancel.Token))
            : sender.SendAsync(large.AsMemory(), cancel.Token).AsTask();
        await Until(() => sender.Statistics.MessagesSent == 1, "it is begun");
        await cancel.CancelAsync();

        // The rest of a begun message is sent from a copy: its caller returns at once.
        await sending;
        large.AsSpan().Clear();
        peer.Continue();
        Assert.Equal("1", await peer.AskAsync("take 1"));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_responder_killed_while_it_handles_a_request_fails_all_pending_requests(Calls calls)
    {
        (PeerProcess peer, Address address) = await StartAsync("responder");
        Requester requester = Track(await Requester.ConnectAsync(address));
        Task<Message>[] asking =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(_ => calls == Calls.Blocking ? OnThread(() => requester.Request("x"u8)) : requester.RequestAsync("x"u8).AsTask()),
        ];
        await peer.AskAsync("hold");

        await peer.KillAsync();

        foreach (Task<Message> pending in asking)
        {
            await FailsAsync(ErrorCode.PeerGone, () => pending);
        }

        await IsFreeAsync(address, peer);
    }

    [Fact]
    public async Task A_killed_requester_cancels_its_handlers()
    {
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        PeerProcess peer = await StartConnectedAsync("requester", OtherEnd(responder.Address));
        await peer.AskAsync("hang");
        using Request request = await responder.ReceiveAsync();
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = request.CancellationToken.Register(() => cancelled.TrySetResult());

        await peer.KillAsync();

        await cancelled.Task;
        Assert.False(request.Reply("nobody"u8));
        await Until(() => responder.Peers.Count == 0, "it has left");
    }

    [Fact]
    public async Task The_timeout_at_a_stopped_responder_reports_how_far_the_request_got()
    {
        (PeerProcess peer, Address address) = await StartAsync("responder");
        Requester requester = Track(await Requester.ConnectAsync(With(address, "heartbeat=0")));
        await peer.StopAsync();

        FairleadException error = await OnThread(() => Fails(ErrorCode.Timeout, () => requester.Request("x"u8, 100.Milliseconds())));
        Output.WriteLine(error.Message);
        await FailsAsync(ErrorCode.Timeout, async () => await requester.RequestAsync("x"u8, 50.Milliseconds()));
        peer.Continue();
        await peer.AskAsync("echo");
        using Message reply = await requester.RequestAsync("alive"u8);
        Assert.Equal("alive", reply.Text);
    }

    [Fact]
    public async Task A_bound_end_serves_the_next_peer_after_the_first_was_killed()
    {
        SkipUnless(Transport.IsVisitedAgain, "no second peer comes");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        for (int round = 0; round < 3; round++)
        {
            PeerProcess peer = await StartConnectedAsync("receiver", OtherEnd(sender.Address));
            await sender.SendAsync(Payload.Make(0, 10));
            Assert.Equal("1", await peer.AskAsync("take 1"));
            if (round == 1)
            {
                await peer.StopAsync();
            }

            await peer.KillAsync();
            await Until(() => sender.Peers.Count == 0, "it has left");
        }
    }

    [Fact]
    public async Task A_killed_server_can_be_replaced_immediately_and_leaves_nothing()
    {
        SkipUnless(Transport.IsVisitedAgain, "its places are not bound again");

        Address place = NewPlace();
        int? port = null;
        List<PeerProcess> servers = [];
        for (int round = 0; round < 3; round++)
        {
            PeerProcess peer = Track(PeerProcess.Start("receiver", "bind", (port is { } known ? place.WithPort(known) : place).ToString()));
            servers.Add(peer);
            Address address = Address.Parse(await peer.AnswerAsync());
            port = address.Port;

            // Only its own files, and those it replaces.
            Assert.Equal(Transport.FilesOf(address).Order(), FilesAt(address));
            Sender sender = Track(await Sender.ConnectAsync(address));
            sender.Send(Payload.Make(0, 10));

            // While it lives, no other endpoint gets the name; the error says which process has it.
            FairleadException held = await FailsAsync(ErrorCode.AlreadyExists, async () => await Receiver.BindAsync(address));
            Assert.Equal(peer.Id, held.Peer?.ProcessId);
            peer.KillAndGoOn();
        }

        foreach (PeerProcess server in servers)
        {
            await server.KillRunningAsync();
        }

        // After the place has been bound once more and left, nothing of the earlier servers remains.
        await IsFreeAsync(port is { } same ? place.WithPort(same) : place, servers[^1]);
        foreach (PeerProcess server in servers)
        {
            await HasLeftNothingAsync(server);
        }
    }

    private static string Runtime => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")!;

    private Task<(PeerProcess Peer, Address Address)> StartAsync(string verb, string options = "") =>
        StartBoundAsync(verb, NewPlace(options));

    private async Task IsFreeAsync(Address address, PeerProcess dead)
    {
        // At most its bound file remains, until another process checks which processes live; nothing else that was created at this place.
        Assert.All(FilesAt(address), file => Assert.Contains(file, Transport.FilesOf(address)));
        if (Transport.IsVisitedAgain)
        {
            Receiver next = Track(await Receiver.BindAsync(address));
            Sender sender = Track(await Sender.ConnectAsync(OtherEnd(address)));
            await sender.SendAsync("served"u8);
            using Message message = await next.ReceiveAsync();
            Assert.Equal("served", message.Text);
            next.Dispose();
            Assert.Empty(FilesAt(address));
        }

        await HasLeftNothingAsync(dead);
    }

    private async Task HasLeftNothingAsync(PeerProcess dead)
    {
        Assert.DoesNotContain(Diagnostics.EndpointRegistry.List(), entry => entry.ProcessId == dead.Id);
        string participants = $"{Runtime}/fairlead/participants";
        string pid = string.Create(CultureInfo.InvariantCulture, $"pid {dead.Id}\n");

        // Another test may be removing it at this moment.
        await Until(
            () => !Directory.GetFiles(participants).Any(file => TextOf(file).Contains(pid, StringComparison.Ordinal)),
            "the dead process has left no file");
    }

    /// <summary>
    /// Returns the files of this place, whichever process created them: those with a name that only this test uses. A port has none.
    /// </summary>
    private static IReadOnlyList<string> FilesAt(Address address)
    {
        if (NameOfTest().Match(address.Place) is not { Success: true, Value: var name })
        {
            return [];
        }

        EnumerationOptions everywhere = new() { RecurseSubdirectories = true, AttributesToSkip = default };
        IEnumerable<string> files = Directory.EnumerateFiles(Runtime, "*", everywhere);
        return [.. files.Where(file => NameOfTest().Match(Path.GetFileName(file)).Value == name).Order()];
    }

    [GeneratedRegex("t[0-9]+-[0-9]+")]
    private static partial Regex NameOfTest();

    private static string TextOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // A process of another test, which has just ended.
            return "";
        }
    }

    private static bool Is(Sender sender, SendResult expected) => sender.TrySend("x"u8) == expected;

    private static Task<Sender> ConnectAsync(Address address, Calls calls, EndpointOptions options) =>
        calls == Calls.Blocking ? OnThread(() => Sender.Connect(address, options)) : Sender.ConnectAsync(address, options).AsTask();

    private static Task<Delivery> DeliverAsync(Sender sender, Calls calls, int number) =>
        calls == Calls.Blocking
            ? OnThread(() => sender.Deliver(Payload.Make(number, 8)))
            : sender.DeliverAsync(Payload.Make(number, 8)).AsTask();
}
