using System.Diagnostics;
using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;

namespace Fairlead.Rpc.Tests.Marshalling;

/// <summary>The bytes that bring callbacks to a client, with and without trace contexts.</summary>
public sealed class CallbackFrameTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private static readonly ActivityContext Trace = new(
        ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"),
        ActivitySpanId.CreateFromString("b7ad6b7169203331"),
        ActivityTraceFlags.Recorded);

    // Ok, two callbacks: 1 for object 3 without limit, and 2 for object 4 within a tick. Frames of 1 and 2 bytes.
    private const string Callbacks = "00" + "02"
        + "01000000" + "03000000" + "FFFFFFFFFFFFFFFF" + "01" + "AA"
        + "02000000" + "04000000" + "0100000000000000" + "02" + "BBCC";

    // None for the first, and 26 bytes for the second: version, trace, parent, flags.
    private const string Context = "00" + "0AF7651916CD43DD8448EB211C80319C" + "B7AD6B7169203331" + "01";
    private const string Traces = "00" + "1A" + Context;

    [Fact]
    public void Trace_contexts_follow_the_callbacks()
    {
        List<Callback> callbacks = [new(1, 3, null, [0xAA]), new(2, 4, TimeSpan.FromTicks(1), [0xBB, 0xCC], Trace)];
        Assert.Equal(Callbacks + Traces, Write(callbacks, takesTraces: true));
        Callback[] read = Callback.ReadAll(Convert.FromHexString(Callbacks + Traces));
        Assert.Equal([default, new ActivityContext(Trace.TraceId, Trace.SpanId, Trace.TraceFlags, isRemote: true)], read.Select(TraceOf));
        Assert.Equal([(1, 3, null), (2, 4, TimeSpan.FromTicks(1))], read.Select(static one => (one.Number, one.Target, one.Timeout)));
        Assert.Equal(["AA", "BBCC"], read.Select(static one => Convert.ToHexString(one.Frame)));
    }

    [Fact]
    public void A_client_that_does_not_request_trace_contexts_gets_none()
    {
        List<Callback> callbacks = [new(1, 3, null, [0xAA]), new(2, 4, TimeSpan.FromTicks(1), [0xBB, 0xCC], Trace)];
        Assert.Equal(Callbacks, Write(callbacks, takesTraces: false));
    }

    [Fact]
    public void Callbacks_outside_any_trace_need_no_bytes_for_trace_contexts()
    {
        List<Callback> callbacks = [new(1, 3, null, [0xAA]), new(2, 4, TimeSpan.FromTicks(1), [0xBB, 0xCC])];
        Assert.Equal(Callbacks, Write(callbacks, takesTraces: true));
        Assert.All(Callback.ReadAll(Convert.FromHexString(Callbacks)), static one => Assert.Equal(default, one.Trace));
    }

    [Theory]
    [InlineData("01" + "00")] // too short for a context
    [InlineData("1A" + "01" + "0AF7651916CD43DD8448EB211C80319C" + "B7AD6B7169203331" + "01")] // another version
    [InlineData("1A" + "00" + "00000000000000000000000000000000" + "B7AD6B7169203331" + "01")] // no trace
    [InlineData("1A" + "00" + "0AF7651916CD43DD8448EB211C80319C" + "0000000000000000" + "01")] // no parent
    public void An_invalid_trace_context_is_ignored(string context)
    {
        Callback[] read = Callback.ReadAll(Convert.FromHexString(Callbacks + context + "1A" + Context));
        Assert.Equal(default, read[0].Trace);
        Assert.Equal(Trace.TraceId, read[1].Trace.TraceId);
    }

    [Fact]
    public void A_trace_context_may_be_longer_than_in_this_version()
    {
        Callback[] read = Callback.ReadAll(Convert.FromHexString(Callbacks + "00" + "1C" + Context + "FFFF"));
        Assert.Equal(Trace.SpanId, read[1].Trace.SpanId);
    }

    [Theory]
    [InlineData("00")] // one is missing
    [InlineData("00" + "1A" + "00")] // longer than the reply
    [InlineData("00" + "00" + "00")] // one too many
    [InlineData("00" + "8080808004")] // 1,073,741,824 bytes
    public void Trace_contexts_that_do_not_fit_the_callbacks_are_refused(string contexts) =>
        Assert.Throws<RpcFormatException>(() => Callback.ReadAll(Convert.FromHexString(Callbacks + contexts)));

    [Fact]
    public void Mutated_replies_yield_callbacks_or_a_refusal_with_little_memory()
    {
        // An array of as many callbacks as bytes are left, and copies of frames and contexts no longer than the reply.
        const int MostMemory = 32 * 1024;
        const int Warm = 1000;
        byte[] valid = Convert.FromHexString(Callbacks + Traces);
        Random random = new(5242);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] reply = [.. valid.AsSpan(0, random.Next(valid.Length + 1))];
            for (int changes = random.Next(4); changes > 0 && reply.Length > 0; changes--)
            {
                reply[random.Next(reply.Length)] = (byte)random.Next(random.Next(2) == 0 ? 256 : 8);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.InRange(Callback.ReadAll(reply).Length, 0, valid.Length);
            }
            catch (RpcFormatException)
            {
                // Refused: the session ends.
            }

            long memory = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(i < Warm || memory < MostMemory, $"{memory} bytes for {Convert.ToHexString(reply)}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_poll_states_whether_its_client_accepts_trace_contexts(bool takesTraces)
    {
        using ActivitySource source = new($"test-{Guid.NewGuid():N}");
        using ActivityListener listener = new()
        {
            ShouldListenTo = other => other == source,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        Contracts.Callbacks service = new();
        await using RpcServer server = await Rpc.ServeAsync<ICallbacks>(Places.New("unix"), service);
        await using Requester stranger = await Requester.ConnectAsync(server.Addresses[0]);
        var session = Guid.NewGuid();
        using CancellationTokenSource end = new();
        Task<Message> held = stranger.RequestAsync(Frames.Session(session), default(RequestOptions), end.Token).AsTask();
        stranger.Request(Keep(server.Description, session), Watchdog).Dispose();

        using Activity activity = source.StartActivity("server")!;
        Task<int> asked = service.Kept!.AskAsync(1, end.Token).AsTask();
        byte[] poll = Frames.Poll(session);
        Assert.Equal([7, 1, 0, 0, 0, 0, 0, 0], poll[..8]);
        poll[1] = takesTraces ? (byte)1 : (byte)0;
        using (Message reply = stranger.Request(poll, Watchdog))
        {
            Callback callback = Assert.Single(Callback.ReadAll(reply.Span));
            Assert.Equal((takesTraces ? activity.TraceId : default, 1), (callback.Trace.TraceId, callback.Target));
            Assert.Equal(takesTraces ? activity.SpanId : default, callback.Trace.SpanId);
        }

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.WaitAsync(Watchdog));
    }

    private static ActivityContext TraceOf(Callback callback) => callback.Trace;

    private static string Write(List<Callback> callbacks, bool takesTraces)
    {
        RpcWriter writer = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Callback.WriteAll(ref writer, callbacks, takesTraces);
            return Convert.ToHexString(writer.Written);
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static byte[] Keep(RpcDescription contract, Guid session)
    {
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            int member = contract.Members.ToList().FindIndex(static one => one.Name == nameof(ICallbacks.Keep));
            Frames.WriteCall(ref call, (ushort)member, contract.Hash);
            call.WriteGuid(session);
            call.WriteInt32(1);
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }
}
