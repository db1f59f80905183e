using System.Threading.Channels;
using Fairlead.Rpc.Callbacks;
using Fairlead.Rpc.Calls;
using Fairlead.Testing;

namespace Fairlead.Rpc.Tests.Callbacks;

/// <summary>The callbacks of a server that follows no rule.</summary>
public sealed class ClientSessionTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly RpcDescription Contract = RpcContracts.Of<Contracts.IWatcher>().Description;
    private static readonly int Tell = Contract.Members.ToList().FindIndex(static one => one.Name == nameof(Contracts.IWatcher.Tell));
    private static readonly int Ask = Contract.Members.ToList().FindIndex(static one => one.Name == nameof(Contracts.IWatcher.AskAsync));

    private readonly Server _server = new();
    private readonly Waiter _object = new();
    private readonly ClientSession _session;
    private readonly int _target;

    public ClientSessionTests()
    {
        _session = new ClientSession(_server, new RpcClientOptions(), mostBytes: 100_000);
        _target = _session.Targets.NumberOf(_object, Contract, () => _object);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public async Task A_client_refuses_callbacks_beyond_its_number_limit()
    {
        _server.Send([.. Enumerable.Range(1, RpcLimits.MaxCallbacks + 1).Select(number => CallOf(number))]);
        Assert.Equal((RpcLimits.MaxCallbacks + 1, ErrorCode.Full), await _server.AnswerAsync());
        _object.Go.SetResult();
        HashSet<int> answered = [];
        for (int i = 0; i < RpcLimits.MaxCallbacks; i++)
        {
            (int number, ErrorCode? error) = await _server.AnswerAsync();
            Assert.Null(error);
            answered.Add(number);
        }

        Assert.Equal(RpcLimits.MaxCallbacks, answered.Count);
        _server.Send(CallOf(5000));
        Assert.Equal((5000, null), await _server.AnswerAsync());
    }

    [Fact]
    public async Task A_client_refuses_callbacks_beyond_its_byte_limit_unless_one_runs_alone()
    {
        _server.Send(CallOf(1, 150_000), CallOf(2, 10));
        Assert.Equal((2, ErrorCode.Full), await _server.AnswerAsync());
        _object.Go.SetResult();
        Assert.Equal((1, null), await _server.AnswerAsync());
        _server.Send(CallOf(3, 60_000));
        Assert.Equal((3, null), await _server.AnswerAsync());
        _server.Send(CallOf(4, 60_000));
        Assert.Equal((4, null), await _server.AnswerAsync());
    }

    [Fact]
    public async Task A_callback_number_in_use_is_refused_and_its_callback_can_still_be_cancelled()
    {
        _server.Send(CallOf(1));
        await _object.Called.WaitAsync(Watchdog);
        _server.Send(CallOf(1));
        Assert.Equal((1, ErrorCode.AlreadyExists), await _server.AnswerAsync());
        _server.Send(new Callback(1, 0, null, []));
        Assert.Equal((1, ErrorCode.Failed), await _server.AnswerAsync());
    }

    [Fact]
    public async Task A_callback_to_an_unknown_object_is_refused()
    {
        _server.Send(new Callback(1, _target + 1, null, [1]), new Callback(2, -1, null, [1]), new Callback(3, _target, null, []));
        Assert.Equal((1, ErrorCode.NotFound), await _server.AnswerAsync());
        Assert.Equal((2, ErrorCode.NotFound), await _server.AnswerAsync());
        Assert.Equal((3, ErrorCode.Corrupt), await _server.AnswerAsync());
    }

    /// <summary>The server was told that they will be executed, and cannot know that the call has ended meanwhile.</summary>
    [Fact]
    public async Task Accepted_one_way_callbacks_run_although_the_call_that_passed_the_object_has_ended()
    {
        int number = _session.Targets.Reserve();
        CallbackTarget target = new(Contract, _object);
        _session.Targets.Keep(number, target);
        _server.Send(CallOf(1, member: Tell) with { Target = number }, CallOf(2, member: Tell) with { Target = number });
        Assert.Equal((1, null), await _server.AnswerAsync());
        Assert.Equal((2, null), await _server.AnswerAsync());
        await _object.Called.WaitAsync(Watchdog);
        Task executed = _session.ExecutedAsync();
        _session.Targets.Release(number, target);
        Assert.False(executed.IsCompleted);
        _object.Go.SetResult();
        await executed.WaitAsync(Watchdog);
        Assert.Equal(2, _object.Executed);
        Assert.True(_session.ExecutedAsync().IsCompleted);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(0)]
    public async Task A_client_accepts_any_callback_timeout(long ticks)
    {
        _object.Go.SetResult();
        _server.Send(CallOf(1) with { Timeout = new TimeSpan(ticks) });
        Assert.Equal(1, (await _server.AnswerAsync()).Number);
        _server.Send(CallOf(2));
        Assert.Equal((2, null), await _server.AnswerAsync());
    }

    private Callback CallOf(int number, int length = 0, int? member = null)
    {
        RpcWriter call = new([]);
        try
        {
            Frames.WriteCall(ref call, (ushort)(member ?? Ask), Contract.Hash);
            call.WriteInt32(number);
            call.WriteRaw(new byte[length]);
            return new Callback(number, _target, null, call.Written.ToArray());
        }
        finally
        {
            call.Dispose();
        }
    }

    /// <summary>Answers each call when it may, or when it is cancelled.</summary>
    private sealed class Waiter : RpcSkeleton
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Called => _called.Task;

        public int Executed { get; private set; }

        public override async ValueTask InvokeAsync(int member, RpcInvocation invocation)
        {
            _called.TrySetResult();
            await Go.Task.WaitAsync(invocation.CancellationToken);
            Executed++;
            RpcWriter reply = RpcInvocation.BeginReply([]);
            reply.WriteInt32(0);
            invocation.Reply(ref reply);
            reply.Dispose();
        }
    }

    /// <summary>A server whose callbacks a test chooses.</summary>
    private sealed class Server : IRpcLane
    {
        private readonly Channel<Callback[]> _callbacks = Channel.CreateUnbounded<Callback[]>();
        private readonly Channel<(int Number, ErrorCode? Error)> _answers = Channel.CreateUnbounded<(int, ErrorCode?)>();

        public Fairlead.Peer? Peer => null;

        public Address? Address => null;

        public void Send(params Callback[] callbacks) => Assert.True(_callbacks.Writer.TryWrite(callbacks));

        public Task<(int Number, ErrorCode? Error)> AnswerAsync() => _answers.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);

        public ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) => new(this);

        public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken)
        {
            switch ((FrameKind)frame[0])
            {
                case FrameKind.Session:
                    return new(new TaskCompletionSource<Message>().Task.WaitAsync(cancellationToken));
                case FrameKind.Poll:
                    return new(PollAsync(cancellationToken));
                default:
                    RpcReader answer = new(frame[4..]);
                    int number = answer.ReadInt32();
                    answer.ReadGuid();
                    ErrorCode? error = answer.ReadBoolean() ? (ErrorCode)answer.ReadInt32() : null;
                    Assert.True(_answers.Writer.TryWrite((number, error)));
                    return new(HandmadeMessage.Create([]).Message);
            }
        }

        private async Task<Message> PollAsync(CancellationToken cancellationToken)
        {
            Callback[] callbacks = await _callbacks.Reader.ReadAsync(cancellationToken);
            return HandmadeMessage.Create(Written([.. callbacks])).Message;
        }

        private static byte[] Written(List<Callback> callbacks)
        {
            RpcWriter reply = new([]);
            try
            {
                Callback.WriteAll(ref reply, callbacks, takesTraces: false);
                return reply.Written.ToArray();
            }
            finally
            {
                reply.Dispose();
            }
        }
    }
}
