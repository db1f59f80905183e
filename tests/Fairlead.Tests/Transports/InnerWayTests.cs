using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports;
using Fairlead.Transports.Inproc;

namespace Fairlead.Tests.Transports;

/// <summary>Messages to or from a bridge go the inner way, on the thread that sends them, or else through the connection.</summary>
public sealed class InnerWayTests : IDisposable
{
    private readonly InprocConnection _near;
    private readonly InprocConnection _far;
    private readonly End _end;

    public InnerWayTests()
    {
        (_near, _far) = InprocConnection.PairToBridge(new Peer());
        _end = new End(_far);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public void The_other_end_gets_an_answer_before_the_call_returns()
    {
        _far.OpenTo(_end);
        Assert.True(InnerWay.Of(_near)!.TryAnswer(MessageKind.Receipt, 7, [1, 2]));
        Assert.Equal((MessageKind.Receipt, 7u, 2), _end.Last);
    }

    [Fact]
    public void TryAnswer_returns_false_if_the_other_end_is_not_open_or_not_up()
    {
        InnerWay way = InnerWay.Of(_near)!;
        Assert.False(way.TryAnswer(MessageKind.Reply, 7, [1]));
        _far.OpenTo(_end);
        _end.IsUp = false;
        Assert.False(way.TryAnswer(MessageKind.Reply, 7, [1]));
    }

    [Fact]
    public void TryAnswer_returns_false_for_a_long_answer()
    {
        _far.OpenTo(_end);
        Assert.False(InnerWay.Of(_near)!.TryAnswer(MessageKind.Reply, 7, new byte[64 * 1024]));
        Assert.Null(_end.Last);
    }

    [Fact]
    public void Only_a_connection_to_a_bridge_has_an_inner_way_at_both_ends()
    {
        Assert.NotNull(InnerWay.Of(_far));
        Assert.Equal((true, false), (_near.IsToBridge, _far.IsToBridge));
        (InprocConnection one, InprocConnection other) = InprocConnection.Pair();
        using (one)
        using (other)
        {
            Assert.Null(InnerWay.Of(one));
            Assert.Null(InnerWay.Of(other));
            Assert.False(one.IsToBridge);
        }
    }

    [Fact]
    public void A_message_that_the_sending_thread_serves_itself_wakes_no_other_thread()
    {
        _far.OpenTo(_end);
        InnerWay way = InnerWay.Of(_near)!;
        Assert.True(way.TryBeginSend());
        Put(_near);
        Assert.False(IsWoken(_far));
        way.EndSend();
        Assert.Equal(1, _end.Taken);
        Assert.False(IsWoken(_far));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_that_the_sending_thread_does_not_serve_wakes_a_thread(bool throws)
    {
        _far.OpenTo(_end);
        (_end.Takes, _end.Throws) = (false, throws);
        InnerWay way = InnerWay.Of(_near)!;
        Assert.True(way.TryBeginSend());
        Put(_near);
        way.EndSend();
        Assert.True(IsWoken(_far));

        // And the next send of this thread is none that it serves.
        Assert.Equal(FillResult.Drained, _far.Fill());
        Put(_near);
        Assert.True(IsWoken(_far));
    }

    [Fact]
    public void A_send_on_one_inner_way_does_not_serve_another()
    {
        _far.OpenTo(_end);
        _near.OpenTo(new End(_near));
        InnerWay way = InnerWay.Of(_near)!;
        Assert.True(way.TryBeginSend());
        Assert.False(InnerWay.Of(_far)!.TryBeginSend());
        Put(_far);
        Assert.True(IsWoken(_near));
        way.EndSend();
        Assert.Equal(0, _end.Taken);
        Assert.False(IsWoken(_far));
    }

    [Fact]
    public void A_send_cannot_begin_on_an_inner_way_that_is_not_open() => Assert.False(InnerWay.Of(_near)!.TryBeginSend());

    private static void Put(InprocConnection connection)
    {
        connection.Reserve(1)[0] = 1;
        connection.Commit(MessageHeader.Of(MessageKind.Request) with { Length = 1 });
        Assert.Equal(FlushResult.Done, connection.Flush());
    }

    private static bool IsWoken(InprocConnection connection) =>
        BlockingWait.Wait(connection.WaitDescriptor, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;

    private sealed class End(InprocConnection connection) : IInnerEnd
    {
        public bool IsUp { get; set; } = true;

        public bool Takes { get; set; } = true;

        public bool Throws { get; set; }

        public int Taken { get; private set; }

        public (MessageKind Kind, uint Id, int Length)? Last { get; private set; }

        public int Dropped { get; private set; }

        public void CountDropped() => Dropped++;

        public void Hinder(string? why)
        {
        }

        public void Lose(string? why, int attempts)
        {
        }

        public bool TryTake(MessageHeader header, ReadOnlySpan<byte> payload)
        {
            if (IsUp)
            {
                Last = (header.Kind, header.Id, payload.Length);
            }

            return IsUp;
        }

        public void Serve()
        {
            if (Throws)
            {
                throw new InvalidOperationException("as an engine does that is out of memory");
            }

            while (Takes && connection.TryTake(out Incoming message))
            {
                message.Release();
                Taken++;
            }
        }
    }
}
