using System.Diagnostics;
using System.Globalization;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Time;
using Fairlead.Transports.Fifo;

namespace Fairlead.Tests.Transports.Fifo;

/// <summary>The peculiarities of FIFOs: many writers, non-Fairlead ones among them, and existing files.</summary>
[SlowRun]
public sealed partial class FifoTests(ITestOutputHelper output) : IDisposable
{
    private const uint AllRights = 0b111_111_111;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Messages_of_ten_concurrent_writers_stay_whole_and_in_order()
    {
        const int Writers = 10;
        const int Each = 10_000;
        await using Receiver receiver = await Receiver.BindAsync($"fifo://{_directory["many"]}");
        List<PeerProcess> writers = [];
        try
        {
            for (int i = 0; i < Writers; i++)
            {
                writers.Add(
                    PeerProcess.Start(
                        "producer",
                        receiver.Address.ToString(),
                        i.ToString(CultureInfo.InvariantCulture),
                        Each.ToString(CultureInfo.InvariantCulture)));
            }

            int[] next = new int[Writers];
            for (int i = 0; i < Writers * Each; i++)
            {
                using Message message = await receiver.ReceiveAsync();
                (int number, int from) = Payload.Check(message.Span);
                Assert.Equal(next[from]++, number);
            }

            Assert.All(next, count => Assert.Equal(Each, count));
            foreach (PeerProcess writer in writers)
            {
                await writer.AnswerAsync();
                Assert.Equal($"{Each}", await writer.AnswerAsync());
            }

            Assert.Equal(0, receiver.Statistics.Dropped);
        }
        finally
        {
            writers.ForEach(static writer => writer.Dispose());
        }
    }

    [Fact]
    public void The_read_end_of_a_FIFO_is_free_although_a_child_that_is_starting_has_a_copy_open()
    {
        Address address = Address.Parse($"fifo://{_directory["left"]}");
        using FifoFile file = FifoFile.Make(address, address.Place);
        Descriptor? ofChild;
        using (Descriptor? reader = file.TryOpenToReadAlone(address))
        {
            Assert.NotNull(reader);
            Assert.Null(file.TryOpenToReadAlone(address));
            ofChild = NativeSpawn.Duplicate(reader.Number, 3, out _);
        }

        using (ofChild)
        {
            Assert.NotNull(ofChild);
            using Descriptor? again = file.TryOpenToReadAlone(address);
            Assert.NotNull(again);
        }
    }

    [Fact]
    public async Task A_shell_writes_and_a_shell_reads()
    {
        string path = _directory["shell"];
        await using (Receiver receiver = await Receiver.BindAsync($"fifo://{path}?framing=line"))
        {
            foreach ((string command, string[] lines) in new (string, string[])[]
                {
                    ("echo hello", ["hello"]),
                    ("printf 'no newline'", ["no newline"]),
                    ("seq 3", ["1", "2", "3"]),
                })
            {
                Shell($"{command} > {path}");
                foreach (string line in lines)
                {
                    using Message message = await receiver.ReceiveAsync();
                    Assert.Equal(line, message.Text);
                }
            }
        }

        Assert.False(File.Exists(path));
        await using Sender sender = await Sender.BindAsync($"fifo://{path}?framing=line");
        Task<string> reading = Task.Run(() => Shell($"cat {path}"));
        await sender.SendAsync("to a shell"u8.ToArray());
        await sender.CloseAsync(90.Seconds());
        Assert.Equal("to a shell\n", await reading);
    }

    [Fact]
    public async Task Blocks_are_filled_up_with_NUL()
    {
        string path = _directory["blocks"];
        await using Receiver receiver = await Receiver.BindAsync($"fifo://{path}?framing=block&size=8");
        Shell($@"printf 'one\0\0\0\0\0eightful\0\0\0\0\0\0\0\0torn' > {path}");
        foreach (string expected in new[] { "one", "eightful", "" })
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(expected, message.Text);
        }

        // A FIFO shows no end of one writer while there is another: a torn message of the first is dropped before the next one's message.
        ValueTask<Message> receiving = receiver.ReceiveAsync();
        while (receiver.Statistics.Dropped == 0)
        {
            await Task.Yield();
        }

        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        Assert.Throws<ArgumentException>(() => sender.Send("too long for it"u8));
        Assert.Throws<ArgumentException>(() => sender.Send("nul\0"u8));
        sender.Send("back"u8);
        using Message back = await receiving;
        Assert.Equal("back", back.Text);
        Assert.Equal(1, receiver.Statistics.Dropped);
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"fifo://{path}2?framing=block"));
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"fifo://{path}2?framing=line&size=3"));
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"fifo://{path}2?writers=2"));
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"fifo://{path}2?framing=line&until=nul"));
        Assert.Throws<AddressFormatException>(() => Receiver.Bind($"fifo://{path}2?framing=block&size=8&until=newline"));
    }

    [Fact]
    public async Task Blocks_of_C_programs_end_at_their_first_NUL()
    {
        string path = _directory["texts"];
        await using Receiver receiver = await Receiver.BindAsync($"fifo://{path}?framing=block&size=8&until=nul");
        Shell($@"printf 'hello\0er12345678\0rubbishend\0\0\0\0\0' > {path}");
        foreach (string expected in new[] { "hello", "12345678", "", "end" })
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(expected, message.Text);
        }

        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => sender.Send("eightful"u8)).Code);
        Assert.Throws<ArgumentException>(() => sender.Send("a\0b"u8));
        sender.Send("seventy"u8);
        using Message back = await receiver.ReceiveAsync();
        Assert.Equal("seventy", back.Text);
        Assert.Equal(0, receiver.Statistics.Dropped);
    }

    [Fact]
    public async Task Bytes_that_are_no_message_are_dropped_and_counted_and_harm_no_message()
    {
        string path = _directory["garbage"];
        await using Receiver receiver = await Receiver.BindAsync($"fifo://{path}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        for (int i = 0; i < 50; i++)
        {
            sender.Send(Payload.Make(i, 100));
            Shell(
                i % 2 == 0
                    ? $"echo 'this is not a message, but long enough for a header' > {path}"
                    : $"head -c {1 + (i * 97)} /dev/urandom > {path}");
        }

        sender.Send(Payload.Make(50, 100));
        for (int i = 0; i <= 50; i++)
        {
            using Message message = await receiver.ReceiveAsync();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        // Each counts at least once, since a message lies between any two. Foreign data that is read in several pieces counts once per
        // piece.
        Assert.InRange(receiver.Statistics.Dropped, 50, int.MaxValue);
    }

    [Fact]
    public async Task A_message_too_long_to_be_written_atomically_is_refused_unless_there_is_one_writer()
    {
        await using Receiver receiver = await Receiver.BindAsync($"fifo://{_directory["long"]}");
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await sender.SendAsync(new byte[4_081]));
        output.WriteLine(error.Message);
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.Contains("4080", error.Message, StringComparison.Ordinal);
        Assert.Contains("writers=1", error.Message, StringComparison.Ordinal);
        sender.Send(Payload.Make(1, 4_080));
        await sender.DisposeAsync();
        await using Sender alone = await Sender.ConnectAsync(receiver.Address.With("writers", "1"));
        Task sending = alone.SendAsync(Payload.Make(2, 3_000_000).AsMemory()).AsTask();
        using Message first = await receiver.ReceiveAsync();
        using Message second = await receiver.ReceiveAsync();
        await sending;
        Assert.Equal((1, 2), (Payload.Check(first.Span).Number, Payload.Check(second.Span).Number));
        Assert.Equal(3_000_000, second.Length);
    }

    [Fact]
    public async Task A_connect_without_a_peer_fails_or_waits_until_it_is_cancelled()
    {
        string path = _directory["nobody"];
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Sender.Connect($"fifo://{path}")).Code);
        Shell($"mkfifo {path}");
        FairleadException nobody = Assert.Throws<FairleadException>(() => Sender.Connect($"fifo://{path}"));
        output.WriteLine(nobody.Message);
        Assert.Equal(ErrorCode.NotFound, nobody.Code);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Receiver.Connect($"fifo://{path}")).Code);

        // Another file: a child of another test may still hold the read end of the first, which was open above, until it executes its
        // program.
        path = _directory["waiting"];
        Shell($"mkfifo {path}");
        using CancellationTokenSource cancel = new();
        Task<Sender> connecting = Sender.ConnectAsync($"fifo://{path}?wait=infinite", cancellationToken: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);

        connecting = Sender.ConnectAsync($"fifo://{path}?wait=infinite&framing=line").AsTask();
        Task<string> reading = Task.Run(() => Shell($"head -n 1 {path}"));
        await using Sender sender = await connecting;
        await sender.SendAsync("waited"u8.ToArray());
        Assert.Equal("waited\n", await reading);
    }

    [Fact]
    public async Task A_receiver_connects_to_any_program_that_writes()
    {
        string path = _directory["writer"];
        Shell($"mkfifo {path}");
        using Process writer = Process.Start("sh", ["-c", $"seq 3 > {path}"]);
        await using Receiver receiver = await Receiver.ConnectAsync($"fifo://{path}?framing=line&wait=infinite");
        List<string> lines = [];
        await foreach (Message message in receiver.ReceiveAllAsync())
        {
            lines.Add(message.Text);
        }

        Assert.Equal(["1", "2", "3"], lines);
        await writer.WaitForExitAsync();
        Assert.Equal(0, writer.ExitCode);
    }

    [Fact]
    public async Task A_receiver_whose_writers_have_closed_uses_no_processor()
    {
        using PeerProcess receiver = PeerProcess.Start("receiver", "bind", $"fifo://{_directory["idle"]}?framing=line");
        await receiver.AnswerAsync();
        for (int i = 0; i < 5; i++)
        {
            Task<string> holding = receiver.AskAsync("hold");
            Shell($"echo {i} > {_directory["idle"]}");
            Assert.Equal("1", await holding);
            await receiver.AskAsync("drop");
        }

        await receiver.AskAsync("run");
        Assert.True(await receiver.BecomesQuietAsync(output.WriteLine));
    }

    [Fact]
    public async Task Two_FIFOs_serve_one_requester_after_another_and_each_gets_only_its_own_replies()
    {
        string place = $"fifo://t{Environment.ProcessId}-first,t{Environment.ProcessId}-second";
        await using Responder responder = await Responder.BindAsync(place);
        using CancellationTokenSource end = new();
        Task serving = responder.RunAsync(static (request, _) =>
            (ReadOnlyMemory<byte>)request.Span.ToArray(), cancellationToken: end.Token);
        Assert.Equal(
            ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => Receiver.Bind($"fifo://t{Environment.ProcessId}-second")).Code);
        for (int round = 0; round < 5; round++)
        {
            using PeerProcess killed = PeerProcess.Start("requester", "connect", place);
            await killed.AnswerAsync();
            FairleadException full = await Assert.ThrowsAsync<FairleadException>(async () => await Requester.ConnectAsync(place));
            Assert.Equal(ErrorCode.Full, full.Code);
            await killed.KillAsync();
            await using Requester requester = await Requester.ConnectAsync(place);
            using Message reply = await requester.RequestAsync(Payload.Make(round, 50_000));
            Assert.Equal(round, Payload.Check(reply.Span).Number);
        }

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
    }

    [Fact]
    public async Task A_requester_that_gave_up_before_its_handshake_does_not_disturb_the_next()
    {
        string place = $"fifo://t{Environment.ProcessId}-unheard,t{Environment.ProcessId}-heard";
        using PeerProcess responder = PeerProcess.Start("responder", "bind", place);
        await responder.AnswerAsync();
        await responder.StopAsync();
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(async () =>
            await Requester.ConnectAsync(place, new() { HandshakeTimeout = 50.Milliseconds() }));
        Assert.Equal(ErrorCode.Timeout, late.Code);
        responder.Continue();

        await using Requester requester = await Requester.ConnectAsync(place);
        await responder.AskAsync("echo");
        using Message reply = await requester.RequestAsync("?"u8.ToArray());
        Assert.Equal("?", reply.Text);
    }

    private static string Shell(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true })!;
        string text = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return text;
    }
}
