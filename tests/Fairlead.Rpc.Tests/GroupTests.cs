using System.Threading.Channels;

namespace Fairlead.Rpc.Tests;

/// <summary>A group tells all of its objects, or all but one.</summary>
public sealed class GroupTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_group_call_reaches_all_objects_except_one()
    {
        Hall hall = new();
        string name = $"hall-{Guid.NewGuid():N}";
        await using RpcServer server = await Rpc.ServeAsync<IHall>(name, hall);
        await using RpcClient<IHall> one = await Rpc.ConnectAsync<IHall>(name);
        await using RpcClient<IHall> other = await Rpc.ConnectAsync<IHall>(name);
        Visitor first = new();
        Visitor second = new();
        one.Service.Enter(first);
        other.Service.Enter(second);

        RpcTold<IVisitor> all = await hall.Visitors.TellAsync(static visitor => visitor.HearAsync("all")).WaitAsync(Patience);
        Assert.Equal((2, 0), (all.Count, all.Failures.Count));
        RpcTold<IVisitor> rest = await hall.Visitors
            .TellAsync(static visitor => visitor.HearAsync("rest"), except: hall.Last).WaitAsync(Patience);
        Assert.Equal(1, rest.Count);

        Assert.Equal(["all", "rest"], [await first.NextAsync(), await first.NextAsync()]);
        Assert.Equal("all", await second.NextAsync());
        Assert.False(second.HasMore);
    }

    [Fact]
    public async Task A_lost_client_leaves_the_group_and_a_failure_is_reported_without_delaying_others()
    {
        Hall hall = new();
        string name = $"hall-{Guid.NewGuid():N}";
        await using RpcServer server = await Rpc.ServeAsync<IHall>(name, hall);
        await using RpcClient<IHall> stays = await Rpc.ConnectAsync<IHall>(name);
        await using RpcClient<IHall> fails = await Rpc.ConnectAsync<IHall>(name);
        Visitor good = new();
        stays.Service.Enter(good);
        fails.Service.Enter(new Visitor { Fails = true });
        IVisitor failing = hall.Last!;
        await using (RpcClient<IHall> goes = await Rpc.ConnectAsync<IHall>(name))
        {
            goes.Service.Enter(new Visitor());
        }

        RpcTold<IVisitor> told = await hall.Visitors.TellAsync(static visitor => visitor.HearAsync("line")).WaitAsync(Patience);

        Assert.Equal("line", await good.NextAsync());
        Assert.Equal(1, told.Count);
        RpcTellFailure<IVisitor> failure = Assert.Single(told.Failures);
        Assert.Same(failing, failure.Member);
        Assert.IsType<RpcException>(failure.Exception);
        Assert.Equal(2, hall.Visitors.Count);
    }

    [Fact]
    public void An_object_is_in_a_group_once()
    {
        RpcGroup<IVisitor> group = new();
        Visitor visitor = new();
        Assert.True(group.Add(visitor));
        Assert.False(group.Add(visitor));
        Assert.True(group.Remove(visitor));
        Assert.False(group.Remove(visitor));
        Assert.Equal(0, group.Count);
    }

    private sealed class Hall : IHall
    {
        public RpcGroup<IVisitor> Visitors { get; } = new();

        public IVisitor? Last { get; private set; }

        public void Enter(IVisitor visitor)
        {
            Visitors.Add(visitor);
            Last = visitor;
        }
    }

    private sealed class Visitor : IVisitor
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public bool Fails { get; init; }

        public bool HasMore => _lines.Reader.TryPeek(out _);

        public async ValueTask HearAsync(string line, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new InvalidOperationException("deaf");
            }

            await _lines.Writer.WriteAsync(line, cancellationToken);
        }

        public async Task<string> NextAsync() => await _lines.Reader.ReadAsync().AsTask().WaitAsync(Patience);
    }
}

[RpcContract]
internal interface IHall
{
    void Enter(IVisitor visitor);
}

[RpcContract]
internal interface IVisitor
{
    ValueTask HearAsync(string line, CancellationToken cancellationToken = default);
}
