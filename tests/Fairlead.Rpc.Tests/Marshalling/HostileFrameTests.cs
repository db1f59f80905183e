using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>Bytes that no stub has written.</summary>
[SlowRun]
public sealed class HostileFrameTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 2, 0, 0 })]
    [InlineData(new byte[] { 99, 1, 2, 3, 4, 5, 6, 7, 8, 9 })]
    public async Task A_malformed_frame_is_refused_and_the_next_is_served(byte[] frame)
    {
        await using RpcServer server = await Rpc.ServeAsync<ICalculator>("unix://" + $"rpc-{Guid.NewGuid():N}"[..16], new Calculator());
        await using Requester stranger = await Requester.ConnectAsync(server.Addresses[0]);
        var refused = Assert.Throws<FairleadException>(() => stranger.Request(frame, Watchdog).Dispose());
        Assert.Equal(ErrorCode.Corrupt, refused.Code);
        await using RpcClient<ICalculator> client = await Rpc.ConnectAsync<ICalculator>($"{server.Addresses[0]}");
        Assert.Equal(3, client.Service.Add(1, 2));
    }

    /// <summary>An exception costs a server more than such a frame costs its sender.</summary>
    [Fact]
    public void A_malformed_frame_is_refused_without_an_exception()
    {
        RpcContract<ICalculator> contract = RpcContracts.Of<ICalculator>();
        using CallDispatcher dispatcher = new(contract.Description, contract.CreateSkeleton(new Calculator()), new RpcServerOptions());
        int thread = Environment.CurrentManagedThreadId;
        int thrown = 0;
        EventHandler<FirstChanceExceptionEventArgs> count = (_, _) => thrown += Environment.CurrentManagedThreadId == thread ? 1 : 0;
        AppDomain.CurrentDomain.FirstChanceException += count;
        try
        {
            for (int kind = 0; kind < 256; kind++)
            {
                foreach (int length in (int[])[0, 1, 2, 7, 23, 28, 40])
                {
                    byte[] frame = new byte[length];
                    frame.AsSpan().Fill((byte)kind);
                    if ((length > 0 && kind == (int)FrameKind.Hello) || (length >= 24 && kind is 2 or 3 or 5 or 8 or 9 or 10))
                    {
                        // It may be valid, or is judged by what it contains.
                        continue;
                    }

                    using var request = HandmadeRequest.Create(frame);
                    Task handled = dispatcher.HandleAsync(request.Request, request.Context).AsTask();
                    Assert.True(handled.IsCompletedSuccessfully, $"{kind}, {length}");
                    if (kind is 2 or 9 && length >= Frames.CallHeader)
                    {
                        continue;
                    }

                    Assert.True(ErrorCode.Corrupt == request.Error, $"{kind}, {length}");
                }
            }
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= count;
        }

        Assert.Equal(0, thrown);
    }

    [Fact]
    public async Task Mutated_calls_get_a_reply_or_a_refusal()
    {
        await using RpcServer server = await Rpc.ServeAsync<IEchoes>(
            $"inproc://rpc-{Guid.NewGuid():N}", new Echoes(), new RpcServerOptions { MaxMalformedFrames = int.MaxValue });
        await using Requester stranger = await Requester.ConnectAsync(server.Addresses[0]);
        Random random = new(5242);
        byte[] frame = new byte[200];
        for (int i = 0; i < 20_000; i++)
        {
            int length = random.Next(8, frame.Length);
            random.NextBytes(frame);
            frame[0] = 2;
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(2), (ushort)random.Next(server.Description.Members.Count));
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)server.Description.Hash);

            // Small numbers make counts that hold.
            for (int at = 8; at < length; at++)
            {
                frame[at] = random.Next(3) == 0 ? frame[at] : (byte)random.Next(6);
            }

            try
            {
                using Message reply = stranger.Request(frame.AsSpan(0, length), Watchdog);
                Assert.InRange(reply.Span[0], 0, 1);
            }
            catch (FairleadException refused)
            {
                Assert.Equal(ErrorCode.Corrupt, refused.Code);
            }
        }
    }

    [Fact]
    public async Task Mutated_frames_of_each_kind_cause_no_crash_and_need_little_memory()
    {
        // eng/nightly.sh sets it to ten million.
        int inputs = int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_RPC_INPUTS") ?? "20000", CultureInfo.InvariantCulture);

        // That of a table that grows; a frame of 200 bytes can ask for less.
        const int MostMemory = 128 * 1024;
        const int Warm = 1000;
        RpcContract<IEchoes> contract = RpcContracts.Of<IEchoes>();
        using CallDispatcher dispatcher = new(contract.Description, contract.CreateSkeleton(new Echoes()), new RpcServerOptions());
        Random random = new(Environment.TickCount);
        byte[] frame = new byte[200];
        for (int i = 0; i < inputs; i++)
        {
            int length = Mutate(frame, random, contract.Description);
            long before = GC.GetAllocatedBytesForCurrentThread();
            using HandmadeRequest request = HandmadeRequest.Create(frame.AsSpan(0, length));
            ValueTask<ReadOnlyMemory<byte>> handled = dispatcher.HandleAsync(request.Request, request.Context);
            long memory = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(i < Warm || memory < MostMemory, $"{memory} bytes for {Convert.ToHexString(frame, 0, length)}");

            // Frames of streams and callbacks wait for their calls until their caller goes.
            request.Cancel();
            try
            {
                await handled.AsTask().WaitAsync(Watchdog);
            }
            catch (Exception exception) when (exception is not TimeoutException)
            {
                // The service's own: it is reported by the endpoint.
                Assert.NotNull(request.Reply);
            }
        }
    }

    private static int Mutate(byte[] frame, Random random, RpcDescription description)
    {
        int length = random.Next(0, frame.Length);
        random.NextBytes(frame);
        frame[0] = (byte)random.Next(10);
        if (random.Next(10) > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(2), (ushort)random.Next(description.Members.Count + 1));
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), (uint)description.Hash);
        }

        // Small numbers make counts that hold.
        for (int at = 8; at < length; at++)
        {
            frame[at] = random.Next(3) == 0 ? frame[at] : (byte)random.Next(6);
        }

        return length;
    }

    [Fact]
    public void A_count_allocates_nothing_that_the_frame_cannot_hold()
    {
        // 1,073,741,824 elements of no bytes.
        byte[] frame = [0x80, 0x80, 0x80, 0x80, 0x04];
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadCount());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadUnmanagedArray<long>());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadString());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadBytes());
        Assert.Throws<RpcFormatException>(() => new RpcReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).ReadCount());
        Assert.Throws<RpcFormatException>(() => new RpcReader([0xFF, 0xFF, 0xFF, 0xFF, 0x7F]).ReadCount());
        Assert.Throws<RpcFormatException>(() => new RpcReader([3, 1, 0, 0, 0, 0, 0, 0, 0]).ReadUnmanagedArray<long>());
    }

    [Fact]
    public void Values_outside_the_range_of_their_type_are_refused()
    {
        byte[] frame = [.. Enumerable.Repeat((byte)0xFF, 32)];
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadBoolean());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadDecimal());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadDateTime());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadDateTimeOffset());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadDateOnly());
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadTimeOnly());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2.3.4.5")]
    [InlineData("-1.0")]
    [InlineData("10.0.0.256:x")]
    public void Invalid_versions_and_IP_addresses_are_refused(string text)
    {
        byte[] frame = Written(text);
        Assert.Throws<RpcFormatException>(() => new RpcReader(frame).ReadVersion());
        Assert.Throws<RpcFormatException>(() => new RpcReader(Written($"{text}:")).ReadIPEndPoint());
        Assert.Throws<RpcFormatException>(() => new RpcReader(Written($"{text}/")).ReadIPAddress());
    }

    [Fact]
    public void An_invalid_or_too_long_URI_is_refused()
    {
        byte[] uri = Written("http://[");
        byte[] zeros = Written($"{new string('0', 100_000)}1.0");
        Assert.Throws<RpcFormatException>(() => new RpcReader(uri).ReadUri());
        Assert.Throws<RpcFormatException>(() => new RpcReader(zeros).ReadVersion());
        Assert.Throws<RpcFormatException>(() => new RpcReader(zeros).ReadIPAddress());
        Assert.Throws<RpcFormatException>(() => new RpcReader(zeros).ReadIPEndPoint());
    }

    private static byte[] Written(string text)
    {
        RpcWriter writer = new(stackalloc byte[RpcWriter.InitialSize]);
        writer.WriteString(text);
        byte[] frame = writer.Written.ToArray();
        writer.Dispose();
        return frame;
    }
}
