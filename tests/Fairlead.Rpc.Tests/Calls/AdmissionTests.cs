using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Rpc.Tests.Streaming;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>A client that the server does not admit gets nothing, whatever it sends.</summary>
public sealed class AdmissionTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly Client Stranger = new() { ProcessId = 1 };

    [Fact]
    public async Task Each_kind_of_frame_is_refused_for_a_client_that_is_not_admitted()
    {
        using FramesAtServer server = new(new RpcServerOptions
        {
            AuthorizeClient = static client => !ReferenceEquals(client, Stranger),
        });
        foreach (FrameKind kind in Enum.GetValues<FrameKind>())
        {
            byte[] frame = [(byte)kind, .. FramesAtServer.Open(Guid.NewGuid()).AsSpan(1)];
            HandmadeRequest refused = await server.AnswerAsync(frame, Stranger);
            if (Frames.IsCall(frame))
            {
                using HandmadeMessage reply = HandmadeMessage.Create(refused.Reply!.Value.Span);
                Assert.Equal(ErrorCode.PermissionDenied, Refusal.Read(reply.Message).Code);
            }
            else
            {
                Assert.Equal(ErrorCode.PermissionDenied, refused.Error);
            }
        }

        // Its sessions and streams have taken no place, and others are served.
        Assert.False(server.Handle(Frames.Session(Guid.NewGuid())).Handled.IsCompleted);
        Assert.False(server.Handle(FramesAtServer.Open(Guid.NewGuid())).Handled.IsCompleted);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task A_client_that_is_not_or_no_longer_admitted_is_refused(string transport)
    {
        bool isAdmitted = false;
        RpcServerOptions options = new()
        {
            AuthorizeClient = client => Volatile.Read(ref isAdmitted) && (client.ProcessId is not null || client.RemoteAddress is not null),
        };
        await using RpcServer server = await Rpc.ServeAsync<IStreams>(Places.New(transport), new Contracts.Streams(), options);
        Assert.Equal(ErrorCode.PermissionDenied, (await Assert.ThrowsAsync<FairleadException>(() => ConnectAsync(server))).Code);
        Volatile.Write(ref isAdmitted, true);
        await using RpcClient<IStreams> client = await ConnectAsync(server);
        Assert.Equal(3, await client.Service.SumAsync(AsyncEnumerable.Range(1, 2)).AsTask().WaitAsync(Watchdog));
        TaskCompletionSource begun = new();
        TaskCompletionSource goOn = new();
        Task<long> upload = client.Service.SumAsync(ItemsAsync(begun, goOn.Task)).AsTask();
        await begun.Task.WaitAsync(Watchdog);
        Volatile.Write(ref isAdmitted, false);
        goOn.SetResult();
        var denied = await Assert.ThrowsAsync<FairleadException>(() => upload.WaitAsync(Watchdog));
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
    }

    [Fact]
    public async Task A_rule_that_throws_admits_no_client()
    {
        RpcServerOptions options = new() { AuthorizeClient = static _ => throw new InvalidOperationException("no list") };
        TaskCompletionSource<HandlerFailure> reported = new();
        await using RpcServer server = await Rpc.ServeAsync<IStreams>(Places.New("unix"), new Contracts.Streams(), options);
        server.HandlerFailed += (_, failure) => reported.TrySetResult(failure);
        var denied = await Assert.ThrowsAsync<FairleadException>(() => ConnectAsync(server));
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);
        Assert.DoesNotContain("no list", denied.Message, StringComparison.Ordinal);
        Assert.Equal("no list", (await reported.Task.WaitAsync(Watchdog)).Exception.Message);
    }

    private static async IAsyncEnumerable<int> ItemsAsync(TaskCompletionSource begun, Task goOn)
    {
        yield return 1;
        begun.SetResult();
        await goOn;
        yield return 2;
    }

    private static Task<RpcClient<IStreams>> ConnectAsync(RpcServer server) =>
        Rpc.ConnectAsync<IStreams>($"{server.Addresses[0]}").AsTask();
}
