using Fairlead.Patterns.Links.Values;

namespace Fairlead.Tests.Patterns;

public sealed class EndpointLifeTests
{
    private readonly EndpointLife _life = new(new object());

    [Fact]
    public void A_new_endpoint_is_open()
    {
        Assert.False(_life.IsClosing);
        Assert.False(_life.TakesNoPeers);
        Assert.False(_life.Gone.IsCompleted);
        _life.ThrowIfClosing();
    }

    [Fact]
    public void An_endpoint_closes_once_ends_once_and_is_torn_down_with_its_report()
    {
        Assert.True(_life.TryBeginClose());
        Assert.False(_life.TryBeginClose());
        Assert.True(_life.IsClosing);
        Assert.False(_life.IsClosed);
        Assert.Throws<ObjectDisposedException>(_life.ThrowIfClosing);

        Assert.True(_life.TryEnd());
        Assert.False(_life.TryEnd());
        Assert.True(_life.IsClosed);
        Assert.True(_life.TakesNoPeers);
        Assert.False(_life.IsTornDown);

        _life.SetTornDown();
        _life.SetReport(new CloseReport(4, 3, 2, 1));
        Assert.True(_life.IsTornDown);
        Assert.False(_life.Gone.IsCompleted);

        _life.SetGone();
        Assert.True(_life.Gone.IsCompletedSuccessfully);
        Assert.Equal(new CloseReport(4, 3, 2, 1), _life.Report);
    }

    [Fact]
    public void An_open_endpoint_ends_without_closing_first()
    {
        Assert.True(_life.TryEnd());
        Assert.True(_life.IsClosing);
        Assert.False(_life.TryBeginClose());
    }

    [Fact]
    public void An_endpoint_retires_once_and_stays_open()
    {
        Assert.True(_life.TryRetire());
        Assert.False(_life.TryRetire());
        Assert.True(_life.TakesNoPeers);
        Assert.False(_life.IsClosing);
    }

    [Fact]
    public void One_thread_ends_the_drain()
    {
        Assert.False(_life.IsDraining);
        Assert.False(_life.TryEndDrain());

        Task drained = _life.BeginDrain();
        Assert.True(_life.IsDraining);
        Assert.False(drained.IsCompleted);

        Assert.True(_life.TryEndDrain());
        Assert.False(_life.TryEndDrain());
        Assert.True(drained.IsCompletedSuccessfully);
    }
}
