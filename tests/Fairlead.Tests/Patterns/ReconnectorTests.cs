using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Where and how often an endpoint reconnects, and when it gives up, without a connection.</summary>
public sealed class ReconnectorTests : IReconnectorOwner
{
    private static readonly Address First = "unix://first";
    private static readonly Address Second = "unix://second";
    private static readonly Address Third = "unix://third";

    private readonly ManualClock _clock = new();
    private readonly List<string> _done = [];
    private readonly Queue<Exception?> _outcomes = new();
    private Exception? _last = new FairleadException(ErrorCode.NotFound, "nobody", "Wait.");

    /// <summary>Whether the owner is closing.</summary>
    public bool IsClosing { get; private set; }

    [Fact]
    public async Task The_address_after_the_lost_one_is_tried_first()
    {
        _last = null;
        using Reconnector reconnector = New(1.Seconds(), First, Second, Third);
        Assert.True(reconnector.TryBegin());
        await SeekAsync(reconnector, Second);
        Assert.Equal(["unix://third"], _done);
        Assert.Equal(1, reconnector.Attempts);
    }

    [Fact]
    public async Task All_addresses_are_tried_before_a_pause_and_the_lost_one_last()
    {
        Fail(ErrorCode.NotFound, ErrorCode.PeerGone);
        _last = null;
        using Reconnector reconnector = New(1.Seconds(), First, Second, Third);
        reconnector.TryBegin();
        await SeekAsync(reconnector, First);
        Assert.Equal(["unix://second", "unix://second failed at 1", "unix://third", "unix://third failed at 1", "unix://first"], _done);
    }

    [Fact]
    public async Task Reconnecting_is_given_up_after_its_timeout()
    {
        using Reconnector reconnector = New(1.Seconds(), First);
        reconnector.TryBegin();
        Task seeking = reconnector.SeekAsync(First);
        while (!seeking.IsCompleted)
        {
            // About the length of the current pause.
            _clock.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        await seeking;
        Assert.Equal("given up", _done[^1]);
        Assert.Equal(1, _done.Count(static done => done == "given up"));

        // Pauses of 10 ms and twice that each time, each longer or shorter by half: between 6 and 10 attempts in a second.
        Assert.InRange(reconnector.Attempts, 6, 10);
        Assert.True(reconnector.IsSeeking);
        reconnector.End();
        Assert.False(reconnector.IsSeeking);
    }

    [Fact]
    public async Task Reconnecting_is_given_up_immediately_if_no_address_can_ever_accept_this_side()
    {
        Fail(ErrorCode.Incompatible, ErrorCode.PermissionDenied);
        using Reconnector reconnector = New(Timeout.InfiniteTimeSpan, First, Second);
        reconnector.TryBegin();
        await SeekAsync(reconnector, First);
        Assert.Equal("given up", _done[^1]);
        Assert.Equal(1, reconnector.Attempts);
    }

    [Fact]
    public async Task An_address_that_may_return_is_tried_again_whatever_the_other_addresses_report()
    {
        Fail(ErrorCode.Incompatible, ErrorCode.NotFound, ErrorCode.Incompatible);
        _last = null;
        using Reconnector reconnector = New(Timeout.InfiniteTimeSpan, First, Second);
        reconnector.TryBegin();
        await SeekAsync(reconnector, First);
        Assert.Equal("unix://first", _done[^1]);
        Assert.Equal(2, reconnector.Attempts);
    }

    /// <summary>A server that accepts and ends each connection is not sought in a hot loop.</summary>
    [Fact]
    public async Task The_pause_before_the_first_attempt_grows_until_a_connection_has_lasted()
    {
        long now = 0;
        _last = null;
        using Reconnector reconnector = new([First], Timeout.InfiniteTimeSpan, _clock, this, () => now);
        foreach ((int lasted, int pause) in new[]
            { (0, 10), (0, 20), (10, 40), (999, 80), (0, 160), (0, 250), (0, 250), (1_000, 10), (0, 20), (60_000, 10), (5_000, 10) })
        {
            now += lasted;
            _done.Clear();
            Assert.True(reconnector.TryBegin());
            Task seeking = reconnector.SeekAsync(First);

            // Each pause is longer or shorter by half.
            _clock.Advance(TimeSpan.FromMilliseconds((pause / 2) - 1));
            Assert.Empty(_done);
            _clock.Advance(TimeSpan.FromMilliseconds(pause + 2));
            await seeking;
            Assert.Equal(["unix://first"], _done);
            reconnector.End();
        }
    }

    [Fact]
    public async Task Cancelling_ends_a_pause_without_a_report()
    {
        using Reconnector reconnector = New(Timeout.InfiniteTimeSpan, First);
        reconnector.TryBegin();
        Task seeking = reconnector.SeekAsync(First);
        reconnector.Dispose();
        await seeking;
        Assert.DoesNotContain("given up", _done);
    }

    [Fact]
    public async Task An_owner_that_closes_ends_reconnecting()
    {
        _outcomes.Enqueue(new ObjectDisposedException("Sender"));
        using Reconnector reconnector = New(Timeout.InfiniteTimeSpan, First);
        reconnector.TryBegin();
        IsClosing = true;
        await SeekAsync(reconnector, First);
        Assert.Equal(["unix://first"], _done);
    }

    [Theory]
    [InlineData(typeof(OperationCanceledException))]
    [InlineData(typeof(TaskCanceledException))]
    [InlineData(typeof(ObjectDisposedException))]
    public async Task An_attempt_that_throws_a_foreign_cancellation_counts_as_failed(Type type)
    {
        _outcomes.Enqueue((Exception)Activator.CreateInstance(type, "a transport")!);
        _last = null;
        using Reconnector reconnector = New(Timeout.InfiniteTimeSpan, First, Second);
        reconnector.TryBegin();
        await SeekAsync(reconnector, First);
        Assert.Equal(["unix://second", "unix://second failed at 1", "unix://first"], _done);
    }

    [Fact]
    public async Task Reconnecting_begins_once_and_counts_its_attempts_from_zero_each_time()
    {
        Fail(ErrorCode.NotFound);
        _last = null;
        using Reconnector reconnector = New(1.Seconds(), First);
        Assert.True(reconnector.TryBegin());
        Assert.False(reconnector.TryBegin());
        await SeekAsync(reconnector, First);
        Assert.Equal(2, reconnector.Attempts);
        reconnector.End();
        Assert.True(reconnector.TryBegin());
        Assert.Equal(0, reconnector.Attempts);
    }

    Task IReconnectorOwner.ReconnectAsync(Address address, CancellationToken cancellationToken)
    {
        _done.Add(address.ToString());
        return (_outcomes.TryDequeue(out Exception? outcome) ? outcome : _last) is { } error
            ? Task.FromException(error)
            : Task.CompletedTask;
    }

    void IReconnectorOwner.OnAttemptFailed(Address address, int attempt, FairleadException why) =>
        _done.Add($"{address} failed at {attempt}");

    void IReconnectorOwner.OnGivenUp() => _done.Add("given up");

    /// <summary>Seeks the lost address, and lets the pauses pass.</summary>
    private async Task SeekAsync(Reconnector reconnector, Address lost)
    {
        Task seeking = reconnector.SeekAsync(lost);
        while (!seeking.IsCompleted)
        {
            _clock.Advance(5.Milliseconds());
            await Task.Yield();
        }

        await seeking;
    }

    private Reconnector New(TimeSpan patience, params Address[] addresses) => new(addresses, patience, _clock, this);

    private void Fail(params ErrorCode[] codes)
    {
        foreach (ErrorCode code in codes)
        {
            _outcomes.Enqueue(new FairleadException(code, "it did not go", "Try again."));
        }
    }
}
