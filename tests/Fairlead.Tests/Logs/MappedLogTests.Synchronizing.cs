using System.Globalization;
using System.Text;
using Fairlead.Logs;

namespace Fairlead.Tests.Logs;

/// <content>Which records are on the disk, and when.</content>
public sealed partial class MappedLogTests
{
    [Fact]
    public void The_log_records_how_far_it_is_synchronized()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        log.Append("two"u8);
        Assert.Equal(1, log.Info().Synced);
        log.Sync();
        Assert.Equal(3, log.Info().Synced);
        using var each = MappedLog.Open(Address + "&sync=each");
        for (int i = 0; i < 200; i++)
        {
            long number = each.Append(new byte[500]);
            Assert.True(i % 50 != 0 || log.Info().Synced == number + 1);
        }

        log.Sync();
        Assert.Equal(203, log.Info().Synced);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interval_synchronizes_the_log_by_timer(bool isSaidInCode)
    {
        ManualClock clock = new();
        LogOptions options = new() { TimeProvider = clock };
        using var log = isSaidInCode
            ? MappedLog.Open(Address, options with { Sync = LogSync.Interval, SyncInterval = TimeSpan.FromSeconds(5) })
            : MappedLog.Open(Address + "&sync=5s", options);
        log.Append("one"u8);
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, log.Info().Synced);
        clock.Advance(TimeSpan.FromSeconds(2));
        while (log.Info().Synced != 2)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task Awaited_appends_return_their_number_and_with_sync_each_after_synchronizing()
    {
        using var log = MappedLog.Open(Address);
        byte[] record = "one"u8.ToArray();
        ValueTask<long> appending = log.AppendAsync(record);
        Assert.True(appending.IsCompletedSuccessfully);
        Assert.Equal(1, await appending);

        // The record has been copied.
        record[0] = (byte)'x';
        Assert.Equal(["1 one"], Texts(log));
        Assert.Equal(1, log.Info().Synced);
        await log.SyncAsync();
        Assert.Equal(2, log.Info().Synced);

        using var each = MappedLog.Open(Address, new LogOptions { Sync = LogSync.EachRecord });
        ValueTask<long>[] several = [.. Enumerable.Range(0, 20).Select(_ => each.AppendAsync("x"u8))];
        for (int i = 0; i < several.Length; i++)
        {
            long number = await several[i];
            Assert.Equal(2 + i, number);
            Assert.InRange(log.Info().Synced, number + 1, 22);
        }

        await Assert.ThrowsAsync<FairleadException>(async () => await log.AppendAsync(new byte[65 * 1024]));
        each.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(each.SyncAsync);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await each.AppendAsync("x"u8));
    }

    private sealed class SteppingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
