using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Two ends of a <see cref="Pair"/> as streams of bytes, in Fairlead's framing and without any; and programs that know nothing of Fairlead
/// at the other end.
/// </summary>
public abstract class StreamContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    /// <summary>The framings under which bytes are a stream.</summary>
    public static TheoryData<string> Framings => ["fairlead", "none"];

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Bytes_written_in_any_pieces_arrive_unchanged(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing);

        const int Length = 12_000_000;
        Random random = NewRandom();
        byte[] content = Payload.Make(1, Length);
        int seed = random.Next();
        Task writing = Task.Run(async () =>
        {
            Stream stream = near.AsStream();
            Random pieces = new(seed);
            for (int written = 0; written < Length;)
            {
                int piece = Math.Min(Length - written, pieces.Next(10) == 0 ? pieces.Next(400_000) : pieces.Next(5_000));
                if (pieces.Next(2) == 0)
                {
                    await stream.WriteAsync(content.AsMemory(written, piece));
                }
                else
                {
                    stream.Write(content.AsSpan(written, piece));
                }

                written += piece;
            }

            await stream.DisposeAsync();
        });
        await OnThread(() =>
        {
            Stream stream = far.AsStream();
            Random pieces = new(seed + 1);
            byte[] read = new byte[Length];
            for (int filled = 0; filled < Length;)
            {
                Memory<byte> room = read.AsMemory(filled, Math.Min(Length - filled, pieces.Next(20) == 0 ? 1 : 1 + pieces.Next(100_000)));
                int got = pieces.Next(2) == 0 ? stream.Read(room.Span) : stream.ReadAsync(room).AsTask().GetAwaiter().GetResult();
                Assert.InRange(got, 1, room.Length);
                filled += got;
            }

            Assert.Equal(SHA256.HashData(content), SHA256.HashData(read));
            Assert.Equal(-1, stream.ReadByte());
        });
        await writing;
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Lines_pass_in_both_directions(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing);

        Task answering = Task.Run(async () =>
        {
            using StreamReader questions = new(far.AsStream(), leaveOpen: true);
            await using StreamWriter answers = new(far.AsStream()) { AutoFlush = true };
            while (await questions.ReadLineAsync() is { } question)
            {
                await answers.WriteLineAsync($"{question}?");
            }
        });
        await OnThread(() =>
        {
            using StreamReader reader = new(near.AsStream());
            using StreamWriter writer = new(near.AsStream(), leaveOpen: true) { AutoFlush = true };
            for (int i = 0; i < 500; i++)
            {
                writer.WriteLine($"line {i} äöü");
                Assert.Equal($"line {i} äöü?", reader.ReadLine());
            }
        });
        await answering;
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Written_bytes_arrive_when_the_stream_is_disposed(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing, "writing=buffered");

        byte[] content = Payload.Make(7, 50_000);
        Task closing = OnThread(() =>
        {
            using Stream stream = near.AsStream();
            stream.Write(content);
        });
        using MemoryStream read = new();
        await far.AsStream().CopyToAsync(read);
        await closing;
        Assert.Equal((7, 0), Payload.Check(read.ToArray()));
        Assert.Throws<ObjectDisposedException>(() => near.AsStream());
        Assert.Throws<ObjectDisposedException>(() => near.Send("x"u8));
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Waits_end_by_timeout_or_token_and_lose_nothing(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing);

        Stream stream = far.AsStream();
        stream.ReadTimeout = 20;
        IOException late = await OnThread(() => Assert.Throws<IOException>(() => stream.Read(new byte[10])));
        Assert.Equal(ErrorCode.Timeout, Assert.IsType<FairleadException>(late.InnerException).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.ReadTimeout = 0);
        using CancellationTokenSource cancellation = new();
        Task<int> reading = stream.ReadAsync(new byte[10], cancellation.Token).AsTask();
        Assert.False(reading.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await near.AsStream().WriteAsync("hello"u8.ToArray());
        byte[] read = new byte[5];
        await stream.ReadExactlyAsync(read.AsMemory(0, 2));
        stream.ReadTimeout = Timeout.Infinite;
        stream.ReadExactly(read.AsSpan(2));
        Assert.Equal("hello"u8.ToArray(), read);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task An_unread_stream_blocks_its_writer(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing);

        Stream stream = near.AsStream();
        stream.WriteTimeout = 50;
        byte[] piece = Payload.Make(3, 100_000);
        IOException late = await OnThread(() => Assert.Throws<IOException>(() => WriteOn(stream, piece)));
        Assert.Equal(ErrorCode.Timeout, Assert.IsType<FairleadException>(late.InnerException).Code);
        using CancellationTokenSource cancellation = new();
        Task writing = Task.Run(async () =>
        {
            while (true)
            {
                await stream.WriteAsync(piece, cancellation.Token);
            }
        });
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        far.Dispose();
        IOException gone = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await stream.WriteAsync(piece);
            }
        });
        Assert.Equal(ErrorCode.PeerGone, Assert.IsType<FairleadException>(gone.InnerException).Code);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task A_stream_at_a_bound_end_ends_with_each_peer(string framing)
    {
        SkipUnless(Transport.ServesMany, "it has one peer");
        (Pair near, Pair far) = await OpenAsync(framing);

        using StreamReader reader = new(far.AsStream(), leaveOpen: true);
        await near.AsStream().WriteAsync("first"u8.ToArray());
        await near.DisposeAsync();
        Assert.Equal("first", await reader.ReadToEndAsync());
        await Until(() => far.Peers.Count == 0, "it has left");
        Pair next = Track(await Pair.ConnectAsync(With(OtherEnd(far.Address), framing == "none" ? "framing=none" : "")));
        await next.AsStream().WriteAsync("second"u8.ToArray());
        await next.DisposeAsync();
        using StreamReader again = new(far.AsStream());
        Assert.Equal("second", await again.ReadToEndAsync());
    }

    [Fact]
    public async Task An_endpoint_that_cannot_be_a_stream_is_refused()
    {
        Pair pair = Track(await Pair.BindAsync(NewPlace()));
        Assert.Same(pair.AsStream(), pair.AsStream());
        Assert.Throws<NotSupportedException>(() => pair.AsStream().Length);
        pair.Dispose();
        foreach (string policy in new[] { "drop-newest", "drop-oldest" })
        {
            Pair dropping = Track(await Pair.BindAsync(NewPlace($"full={policy}")));
            Fails(ErrorCode.NotSupported, () => dropping.AsStream());
            dropping.Dispose();
        }

        if (Transport.ServesMany)
        {
            Receiver bound = Track(await Receiver.BindAsync(NewPlace()));
            Fails(ErrorCode.NotSupported, () => bound.AsStream());
        }

        if (!Transport.KeepsBoundaries && Transport.RawSocketType is not null && !Transport.IsWrittenAtOnce)
        {
            Pair lines = Track(await Pair.BindAsync(NewPlace("framing=line")));
            Fails(ErrorCode.NotSupported, () => lines.AsStream());
        }
    }

    [Fact]
    public async Task The_stream_of_one_direction_ends_with_its_sender()
    {
        SkipUnless(Transport.ConnectsSenders, "another sender may come");

        Sender sender = Track(await Sender.BindAsync(NewPlace()));
        Receiver receiver = Track(await Receiver.ConnectAsync(OtherEnd(sender.Address)));
        Assert.Equal((false, true), (sender.AsStream().CanRead, sender.AsStream().CanWrite));
        Assert.Equal((true, false), (receiver.AsStream().CanRead, receiver.AsStream().CanWrite));
        Assert.Throws<NotSupportedException>(() => sender.AsStream().ReadByte());
        Assert.Throws<NotSupportedException>(() => receiver.AsStream().WriteByte(1));
        await sender.AsStream().WriteAsync("one way"u8.ToArray());
        await sender.DisposeAsync();
        using StreamReader reader = new(receiver.AsStream());
        Assert.Equal("one way", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task A_program_that_shut_down_its_sending_is_still_answered()
    {
        SkipUnless(
            Transport.RawSocketType == SocketType.Stream && !Transport.IsWrittenAtOnce,
            "a program without Fairlead finds no stream of bytes there");

        Pair pair = Track(await Pair.BindAsync(NewPlace("framing=none")));
        using RawPeer raw = Track(new RawPeer(Transport.ConnectRaw(pair.Address)));
        raw.SendBytes("all of it"u8);
        raw.Socket.Shutdown(SocketShutdown.Send);
        Stream stream = pair.AsStream();
        byte[] read = new byte[9];
        await stream.ReadExactlyAsync(read);
        Assert.Equal("all of it"u8.ToArray(), read);
        Assert.Equal(0, await stream.ReadAsync(read));
    }

    [Fact]
    public async Task A_program_sees_the_end_of_the_stream_and_its_last_bytes_are_read()
    {
        SkipUnless(
            Transport.RawSocketType == SocketType.Stream && !Transport.IsWrittenAtOnce,
            "a program without Fairlead finds no stream of bytes there");

        (Socket listener, Address address) = Transport.ListenRaw();
        using Socket listening = listener;
        Pair pair = Track(await Pair.ConnectAsync(With(address, "framing=none")));
        using Socket peer = await listener.AcceptAsync();
        await pair.AsStream().WriteAsync("question"u8.ToArray());
        pair.EndSending();
        using (NetworkStream raw = new(peer))
        using (StreamReader question = new(raw))
        {
            Assert.Equal("question", await question.ReadToEndAsync());
            peer.Send("answer"u8);
            peer.Shutdown(SocketShutdown.Send);
        }

        using StreamReader answer = new(pair.AsStream());
        Assert.Equal("answer", await answer.ReadToEndAsync());
    }

    /// <summary>Only with Fairlead's protocol: a program without it ends its stream by dying as by closing.</summary>
    [Fact]
    public async Task A_killed_peer_is_an_error_and_not_the_end_of_the_stream()
    {
        SkipUnless(Transport.CrossesProcesses, "it has one process");
        Pair pair = Track(await Pair.BindAsync(NewPlace()));
        PeerProcess peer = Track(Transport.StartPeer("pair", "connect", OtherEnd(pair.Address)));
        await peer.AnswerAsync();
        await peer.AskAsync("send 1 1000");
        Stream stream = pair.AsStream();
        byte[] read = new byte[1000];
        await stream.ReadExactlyAsync(read);
        Assert.Equal((0, 0), Payload.Check(read));
        ValueTask<int> reading = stream.ReadAsync(read);
        await peer.KillAsync();
        IOException gone = await Assert.ThrowsAsync<IOException>(async () => await reading);
        Assert.Equal(ErrorCode.PeerGone, Assert.IsType<FairleadException>(gone.InnerException).Code);
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Pipes_parse_the_received_bytes(string framing)
    {
        (Pair near, Pair far) = await OpenAsync(framing);

        IDuplexPipe nearPipe = near.AsPipe();
        IDuplexPipe farPipe = far.AsPipe();
        for (int i = 0; i < 100; i++)
        {
            byte[] content = Payload.Make(i, 10 + (i * 997 % 40_000));
            ValueTask<FlushResult> writing = nearPipe.Output.WriteAsync(content);
            ReadResult result = await farPipe.Input.ReadAtLeastAsync(content.Length);
            await writing;
            Assert.Equal(content.Length, result.Buffer.Length);
            byte[] read = new byte[content.Length];
            System.Buffers.BuffersExtensions.CopyTo(result.Buffer, read);
            Assert.Equal((i, 0), Payload.Check(read));
            farPipe.Input.AdvanceTo(result.Buffer.End);
        }

        await nearPipe.Output.CompleteAsync();
        await nearPipe.Input.CompleteAsync();
        await near.DisposeAsync();
        Assert.True((await farPipe.Input.ReadAsync()).IsCompleted);
    }

    private static void WriteOn(Stream stream, byte[] piece)
    {
        while (true)
        {
            stream.Write(piece);
        }
    }

    /// <summary>Opens a connected and a bound end.</summary>
    private async Task<(Pair Near, Pair Far)> OpenAsync(string framing, string options = "")
    {
        if (framing == "none")
        {
            SkipUnless(!Transport.IsWrittenAtOnce && Transport.ShowsSilentPeers, "bytes without a framing do not travel there");
            options = options.Length > 0 ? $"framing=none&{options}" : "framing=none";
        }

        Pair far = Track(await Pair.BindAsync(NewPlace(options)));
        Pair near = Track(await Pair.ConnectAsync(With(OtherEnd(far.Address), options)));
        if (framing == "none")
        {
            // Without a handshake, a client may connect and leave before it is noticed.
            await Until(() => far.Peers.Count > 0, "it has come");
        }

        return (near, far);
    }
}
