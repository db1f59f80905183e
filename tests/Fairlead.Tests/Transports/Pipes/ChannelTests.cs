using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Sockets;
using Fairlead.Processes;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Pipes;

/// <summary>A parent and its child, a real process, over <c>fd://</c>.</summary>
[SlowRun(Reason = "the channels of child processes, each with a child")]
public sealed class ChannelTests
{
    [Theory]
    [InlineData("bind", ChannelKind.Duplex)]
    [InlineData("connect", ChannelKind.Duplex)]
    [InlineData("bind", ChannelKind.Pipes)]
    [InlineData("connect", ChannelKind.Pipes)]
    public async Task A_child_answers_its_parent_and_exits_when_the_parent_disconnects(string how, ChannelKind kind)
    {
        await using ChildProcess child = Heir(how, "responder", kind);
        await using (
            Requester requester = how == "bind" ? await Requester.ConnectAsync(child.Address) : await Requester.BindAsync(child.Address))
        {
            for (int i = 0; i < 100; i++)
            {
                using Message reply = await requester.RequestAsync([(byte)i, 1]);
                Assert.Equal([(byte)i, 1], reply.Span.ToArray());
            }

            using Message last = requester.Request(new byte[1_000_000]);
            Assert.Equal(1_000_000, last.Length);
            Assert.Equal(child.Id, requester.Peers.Single().ProcessId);
        }

        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Theory]
    [InlineData("bind", ChannelKind.Duplex)]
    [InlineData("connect", ChannelKind.Duplex)]
    [InlineData("bind", ChannelKind.Pipes)]
    [InlineData("connect", ChannelKind.Pipes)]
    public async Task The_parent_gets_a_receipt_for_each_message_and_the_child_learns_of_the_end(string how, ChannelKind kind)
    {
        await using ChildProcess child = Heir(how, "receiver", kind);
        Sender sender = how == "bind" ? Sender.Connect(child.Address) : Sender.Bind(child.Address);
        for (int i = 0; i < 10; i++)
        {
            await sender.SendAsync("x"u8);
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.True((await sender.DeliverAsync("y"u8)).IsDelivered);
        }

        await sender.DisposeAsync();
        Assert.Equal(new ChildExit.Exited(20), await child.ExitAsync());
    }

    [Theory]
    [InlineData("bind", ChannelKind.Duplex)]
    [InlineData("connect", ChannelKind.Duplex)]
    [InlineData("bind", ChannelKind.Pipes)]
    [InlineData("connect", ChannelKind.Pipes)]
    public async Task The_death_of_the_child_is_reported_immediately(string how, ChannelKind kind)
    {
        await using ChildProcess child = Heir(how, "pair", kind);
        await using Pair pair = how == "bind" ? await Pair.ConnectAsync(child.Address) : await Pair.BindAsync(child.Address);
        await pair.SendAsync("hello"u8);
        using (Message back = await pair.ReceiveAsync())
        {
            Assert.Equal("hello", back.Text);
        }

        ValueTask<Message> waiting = pair.ReceiveAsync();
        child.Kill();
        Assert.Equal(ErrorCode.PeerGone, (await Assert.ThrowsAsync<FairleadException>(async () => await waiting)).Code);
        Assert.Equal(ErrorCode.PeerGone, (await Assert.ThrowsAsync<FairleadException>(async () => await pair.SendAsync("more"u8))).Code);
        Assert.Equal(new ChildExit.Killed(Signal.Kill, false), await child.ExitAsync());
    }

    [Fact]
    public async Task A_child_that_exits_without_a_handshake_reports_PeerGone()
    {
        await using ChildProcess child = ChildProcess.Start("sh", ["-c", "exit 3"], new() { Channel = ChannelKind.Duplex });
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () => await Requester.ConnectAsync(child.Address));
        Assert.Equal(ErrorCode.PeerGone, error.Code);
        Assert.Equal(new ChildExit.Exited(3), await child.ExitAsync());

        await using ChildProcess other = ChildProcess.Start("true", options: new() { Channel = ChannelKind.Duplex });
        await using Receiver bound = await Receiver.BindAsync(other.Address);
        Assert.Equal(ErrorCode.PeerGone, (await Assert.ThrowsAsync<FairleadException>(async () => await bound.ReceiveAsync())).Code);
        await using ChildProcess third = ChildProcess.Start("true", options: new() { Channel = ChannelKind.Duplex });
        await using Sender sender = await Sender.BindAsync(third.Address);
        Assert.Equal(ErrorCode.PeerGone, (await Assert.ThrowsAsync<FairleadException>(async () => await sender.SendAsync("x"u8))).Code);
    }

    [Fact]
    public async Task A_channel_can_be_opened_once_and_an_unopened_channel_closes_with_the_child()
    {
        ChildProcess child = ChildProcess.Start("cat", options: new() { StandardInput = Redirection.Pipe, Channel = ChannelKind.Duplex });
        Address address = child.Address;
        await using (Receiver receiver = await Receiver.BindAsync(address))
        {
            FairleadException error = Assert.Throws<FairleadException>(() => Receiver.Bind(address));
            Assert.Equal(ErrorCode.AlreadyExists, error.Code);
            Assert.Equal(Environment.ProcessId, error.Peer!.ProcessId);
        }

        child.Dispose();
        ChildProcess other = ChildProcess.Start("sh", ["-c", "cat <&3"], new() { Channel = ChannelKind.Duplex });
        other.Dispose();
        Assert.Equal(new ChildExit.Exited(0), await other.ExitAsync());
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Fact]
    public async Task A_program_that_knows_nothing_of_Fairlead_reads_and_writes_lines()
    {
        await using ChildProcess child = ChildProcess.Start(
            "sh", ["-c", "while read line <&3; do echo \"<$line>\" >&3; done"], new() { Channel = ChannelKind.Duplex });
        await using (Pair pair = await Pair.ConnectAsync(child.Address.With("framing", "line")))
        {
            await pair.SendAsync("one"u8);
            await pair.SendAsync("two"u8);
            using Message first = await pair.ReceiveAsync();
            using Message second = await pair.ReceiveAsync();
            Assert.Equal("<one> <two>", $"{first.Text} {second.Text}");
        }

        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Theory]
    [InlineData("bind")]
    [InlineData("connect")]
    public async Task A_pipe_to_a_child_carries_messages_one_way_to_its_last_writers_end(string how)
    {
        await using ChildProcess child = Heir(how, "receiver", ChannelKind.ToChild);
        await using (Sender sender = how == "bind" ? Sender.Connect(child.Address) : Sender.Bind(child.Address))
        {
            for (int i = 0; i < 77; i++)
            {
                await sender.SendAsync(Payload.Make(i, i % 10 == 0 ? 200_000 : 64).AsMemory());
            }

            Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => sender.Deliver("x"u8)).Code);
        }

        Assert.Equal(new ChildExit.Exited(77), await child.ExitAsync());
    }

    [Theory]
    [InlineData("bind")]
    [InlineData("connect")]
    public async Task A_pipe_from_a_child_carries_messages_one_way_to_its_end(string how)
    {
        await using ChildProcess child = Heir(how, "sender", ChannelKind.FromChild);
        await using Receiver receiver =
            how == "bind" ? await Receiver.ConnectAsync(child.Address) : await Receiver.BindAsync(child.Address);
        int next = 0;
        await foreach (Message message in receiver.ReceiveAllAsync())
        {
            Assert.Equal((next++, 0), Payload.Check(message.Span));
        }

        Assert.Equal(1000, next);
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Fact]
    public async Task A_full_pipe_blocks_its_writer_until_the_reader_reads()
    {
        await using ChildProcess child = ChildProcess.Start(
            "sh",
            ["-c", "read go; wc -c <&3"],
            new()
            {
                Channel = ChannelKind.ToChild,
                StandardInput = Redirection.Pipe,
                StandardOutput = Redirection.Pipe,
            });
        byte[] line = new byte[999];
        int sent = 0;
        await using (Sender sender = await Sender.ConnectAsync(child.Address.With("framing", "line").With("capacity", "4096")))
        {
            // The pipe holds 64 KiB, less some bytes at the end of each page, and this end keeps 4 KiB of it.
            while (sender.TrySend(line) == SendResult.Sent)
            {
                sent++;
            }

            Assert.Equal(SendResult.Full, sender.TrySend(line));
            Assert.InRange(sent, 64, 69);
            FairleadException late = Assert.Throws<FairleadException>(() => sender.Send(line, 1.Milliseconds()));
            Assert.Equal(ErrorCode.Timeout, late.Code);
            ValueTask waiting = sender.SendAsync(line);
            Assert.False(waiting.IsCompleted);

            child.StandardInput.Write("go\n"u8);
            await waiting;
        }

        using StreamReader output = new(child.StandardOutput);
        Assert.Equal($"{(sent + 1) * 1000}", (await output.ReadToEndAsync()).Trim());
    }

    [Fact]
    public async Task A_write_after_the_last_reader_closed_reports_PeerGone()
    {
        await using ChildProcess child = ChildProcess.Start("true", options: new() { Channel = ChannelKind.ToChild });
        await using Sender sender = await Sender.ConnectAsync(child.Address.With("framing", "line"));
        await child.ExitAsync();
        FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () =>
        {
            while (true)
            {
                await sender.SendAsync("x"u8);
            }
        });
        Assert.Equal(ErrorCode.PeerGone, error.Code);
    }

    [Fact]
    public async Task Patterns_that_do_not_fit_a_pipe_are_refused_with_the_reason()
    {
        await using ChildProcess child = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, Channel = ChannelKind.ToChild });
        FairleadException direction = Assert.Throws<FairleadException>(() => Receiver.Bind(child.Address));
        Assert.Contains("is the writing end of a pipe", direction.Message, StringComparison.Ordinal);
        await using ChildProcess other = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, Channel = ChannelKind.FromChild });
        Assert.Contains(
            "is the reading end of a pipe",
            Assert.Throws<FairleadException>(() => Sender.Bind(other.Address)).Message,
            StringComparison.Ordinal);
        await using ChildProcess third = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, Channel = ChannelKind.ToChild });
        foreach (Action open in new Action[]
            {
                () => Pair.Bind(third.Address),
                () => Requester.Bind(third.Address),
                () => Responder.Bind(third.Address),
                () => Publisher.Bind(third.Address),
            })
        {
            FairleadException error = Assert.Throws<FairleadException>(open);
            Assert.Equal(ErrorCode.NotSupported, error.Code);
            Assert.Contains("duplex", error.Message, StringComparison.Ordinal);
            Assert.Contains("ChannelKind.Duplex", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_answer_of_a_program_that_reads_to_the_end_first_arrives()
    {
        await using ChildProcess child = ChildProcess.Start("sh", ["-c", "wc -c <&3 >&3"], new() { Channel = ChannelKind.Duplex });
        await using Pair pair = await Pair.ConnectAsync(child.Address.With("framing", "line"));
        byte[] line = new byte[999];
        for (int i = 0; i < 1000; i++)
        {
            await pair.SendAsync(line);
        }

        pair.EndSending();
        using Message count = await pair.ReceiveAsync();
        Assert.Equal("1000000", count.Text);
        Assert.Equal(ErrorCode.PeerGone, Assert.Throws<FairleadException>(() => pair.Send("more"u8)).Code);
        await Assert.ThrowsAsync<FairleadException>(async () => await pair.ReceiveAsync());

        await using ChildProcess other = Heir("bind", "pair");
        await using Pair talk = await Pair.ConnectAsync(other.Address);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(talk.EndSending).Code);
    }

    [Theory]
    // Beyond any limit of this process, whatever else runs in it.
    [InlineData("fd://1999999999", ErrorCode.NotFound, "descriptor 1999999999 is not open")]
    [InlineData("fd://3?mode=600", null, "mode")]
    public void A_descriptor_that_is_not_open_or_an_invalid_option_is_refused(string address, ErrorCode? code, string text)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Receiver.Bind(address));
        Assert.Equal(code, (error as FairleadException)?.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_descriptor_that_carries_no_messages_is_refused_with_its_kind()
    {
        using Descriptor file = NativeFile.Open("/etc/passwd", OpenFlags.ReadOnly, out _)!;
        using Descriptor directory = NativeFile.Open("/", OpenFlags.ReadOnly, out _)!;
        using Descriptor device = NativeFile.Open("/dev/null", OpenFlags.ReadOnly, out _)!;
        (Descriptor first, Descriptor second) = NativeSocket.Pair(NativeSocketType.Stream);
        Refused(file, ErrorCode.NotSupported, "is a regular file");
        Refused(directory, ErrorCode.NotSupported, "is a directory");
        Refused(device, ErrorCode.NotSupported, "is neither a pipe nor a socket");
        Refused(first, ErrorCode.AlreadyExists, "in use by this process itself");
        first.Dispose();
        second.Dispose();

        static void Refused(Descriptor descriptor, ErrorCode code, string text)
        {
            FairleadException error = Assert.Throws<FairleadException>(() => Receiver.Bind($"fd://{descriptor.Number}"));
            Assert.Equal(code, error.Code);
            Assert.Contains(text, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Patterns_for_many_are_refused()
    {
        await using ChildProcess child = ChildProcess.Start(
            "cat", options: new() { StandardInput = Redirection.Pipe, Channel = ChannelKind.Duplex });
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => Hub.Bind(child.Address)).Code);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => WorkQueue.Bind(child.Address)).Code);
    }

    [Fact]
    public void This_process_has_inherited_no_channel()
    {
        Assert.False(Inherited.HasChannel);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => Inherited.Address).Code);
    }

    [Fact]
    public async Task A_variable_that_names_one_descriptor_twice_is_not_a_channel()
    {
        string[] twice = ["-c", "export FAIRLEAD_FD=$FAIRLEAD_FD,$FAIRLEAD_FD; exec \"$@\"", "sh", .. HeirProgram];
        await using ChildProcess child = ChildProcess.Start(
            "sh", [.. twice, "heir", "bind", "pair"], new() { Channel = ChannelKind.Duplex, StandardError = Redirection.Pipe });
        using StreamReader errors = new(child.StandardError);
        Assert.Contains("It has no channel.", await errors.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static string[] HeirProgram
    {
        get
        {
            string program = Environment.ProcessPath!;
            string dotnet = Path.GetFileNameWithoutExtension(program) == "dotnet" ? program : "dotnet";
            return [dotnet, "exec", Path.Combine(AppContext.BaseDirectory, "Fairlead.TestPeer.dll")];
        }
    }

    private static ChildProcess Heir(string how, string role, ChannelKind kind = ChannelKind.Duplex) =>
        ChildProcess.Start(HeirProgram[0], [.. HeirProgram[1..], "heir", how, role], new() { Channel = kind });
}
