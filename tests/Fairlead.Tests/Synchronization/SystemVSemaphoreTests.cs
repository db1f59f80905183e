using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.Tests.Synchronization;

[SlowRun]
public sealed class SystemVSemaphoreTests : WatchedTest
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    public SystemVSemaphoreTests(ITestOutputHelper output)
        : base(output)
    {
    }

    private string Key => _key.ToString(CultureInfo.InvariantCulture);

    public override ValueTask DisposeAsync()
    {
        SystemVSemaphore.Remove(_key);
        return base.DisposeAsync();
    }

    [Fact]
    public void An_entered_permit_returns_with_its_scope_and_a_taken_permit_by_a_post()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 3);
        Assert.True(semaphore.IsNew);
        SystemVSemaphoreScope scope = semaphore.Enter();
        semaphore.Take();
        Assert.Equal(1, semaphore.CurrentCount);
        scope.Dispose();
        scope.Dispose();
        Assert.Equal(2, semaphore.CurrentCount);

        SystemVSemaphore again = SystemVSemaphore.Open(_key, 3);
        Assert.False(again.IsNew);
        Assert.Equal(2, again.CurrentCount);
        semaphore.Post(2);
        Assert.Equal(4, SystemVSemaphore.OpenExisting(_key).CurrentCount);
        Assert.Equal($"the System V semaphore 0x{_key:x8}", again.ToString());
        Assert.True(SystemVSemaphore.Remove(_key));
        Assert.False(SystemVSemaphore.Remove(_key));
    }

    [Fact]
    public async Task Each_kind_of_call_times_out_at_a_semaphore_without_a_permit()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 1);
        using SystemVSemaphoreScope held = semaphore.Enter();
        Assert.Null(semaphore.TryEnter(TimeSpan.Zero));
        Assert.Null(await semaphore.TryEnterAsync(5.Milliseconds()));
        Assert.False(semaphore.TryTake(5.Milliseconds()));
        Assert.False(await semaphore.TryTakeAsync(TimeSpan.Zero));
        FairleadException error = Fails(ErrorCode.Timeout, () => semaphore.Enter(2.Milliseconds()));
        Assert.Contains($"within 0.002 s; pid {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.Timeout, async () => await semaphore.EnterAsync(2.Milliseconds()));
        Fails(ErrorCode.Timeout, () => semaphore.Take(2.Milliseconds()));
        await FailsAsync(ErrorCode.Timeout, async () => await semaphore.TakeAsync(2.Milliseconds()));
        Assert.Equal(0, semaphore.CurrentCount);
    }

    [Fact]
    public async Task A_cancelled_wait_takes_no_permit()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 0);
        using CancellationTokenSource source = new();
        Task blocked = OnThread(() => semaphore.Enter(null, source.Token));
        Task asynchronous = semaphore.EnterAsync(source.Token).AsTask();
        await Until(() => semaphore.WaitingCount == 1, "the blocking call sleeps");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asynchronous);
        semaphore.Post();
        Assert.Equal(1, semaphore.CurrentCount);
    }

    [Fact]
    public async Task A_post_wakes_a_blocking_call_and_an_asynchronous_call()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 0);
        Task<SystemVSemaphoreScope> blocked = OnThread(() => semaphore.Enter());
        await Until(() => semaphore.WaitingCount == 1, "the blocking call sleeps");
        semaphore.Post();
        (await blocked).Dispose();
        semaphore.Take();
        Task<SystemVSemaphoreScope> asynchronous = semaphore.EnterAsync(60.Seconds()).AsTask();
        semaphore.Post();
        await (await asynchronous).DisposeAsync();
        Assert.Equal(1, semaphore.CurrentCount);
    }

    [Fact]
    public async Task Removing_it_ends_the_waits_and_later_calls_with_the_reason()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 1);
        SystemVSemaphoreScope held = semaphore.Enter();
        Task blocked = OnThread(() => semaphore.Enter());
        await Until(() => semaphore.WaitingCount == 1, "the blocking call sleeps");
        Task asynchronous = semaphore.EnterAsync().AsTask();
        Assert.True(SystemVSemaphore.Remove(_key));
        FairleadException error = await FailsAsync(ErrorCode.NotFound, () => blocked);
        Assert.Contains("a program has removed it", error.Message, StringComparison.Ordinal);
        Assert.Equal((int)Errno.EIDRM, error.Errno);
        await FailsAsync(ErrorCode.NotFound, () => asynchronous);
        Fails(ErrorCode.NotFound, () => semaphore.Post());
        Fails(ErrorCode.NotFound, () => _ = semaphore.CurrentCount);
        held.Dispose();
        Fails(ErrorCode.NotFound, () => SystemVSemaphore.OpenExisting(_key));
    }

    [Fact]
    public void Invalid_or_different_parameters_are_refused_and_change_nothing()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemVSemaphore.Open(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemVSemaphore.Open(_key, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemVSemaphore.Open(_key, 32_768));
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemVSemaphore.OpenExisting(_key, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemVSemaphore.Remove(0));
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, SystemVSemaphore.Most);
        Assert.Throws<InvalidOperationException>(() => semaphore.Post());
        Assert.Throws<InvalidOperationException>(() => semaphore.Post(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.Post(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => semaphore.Enter(TimeSpan.FromTicks(-2)));
        Assert.Equal(SystemVSemaphore.Most, semaphore.CurrentCount);
        SystemVSemaphoreScope scope = semaphore.Enter();
        semaphore.Post();
        Assert.Throws<InvalidOperationException>(scope.Dispose);
        Fails(ErrorCode.NotFound, () => SystemVSemaphore.OpenExisting(_key, 1));
    }

    [OrdinaryUserFact]
    public void A_semaphore_that_this_user_may_not_change_is_refused_with_what_to_do()
    {
        FairleadException error = Fails(ErrorCode.PermissionDenied, () => SystemVSemaphore.Open(_key, 1, UnixFileMode.None));
        Assert.Contains("sets the mode", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Concurrent_opens_share_one_semaphore_with_its_initial_value()
    {
        for (int i = 0; i < 50; i++)
        {
            using Barrier start = new(8);
            SystemVSemaphore[] opened = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(_ => OnThread(() =>
                {
                    start.SignalAndWait();
                    SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 5);
                    using SystemVSemaphoreScope scope = semaphore.Enter();
                    return semaphore;
                })));
            Assert.Single(opened, static semaphore => semaphore.IsNew);
            Assert.Equal(5, opened[0].CurrentCount);
            Assert.True(SystemVSemaphore.Remove(_key));
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void An_opener_sets_the_initial_value_if_the_creator_died_before_it(int value)
    {
        Assert.NotNull(SystemVSemaphores.Make(_key, (uint)Owner, out _));
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, value, Owner, TimeSpan.Zero);
        Assert.Equal(value, semaphore.CurrentCount);
        Assert.False(semaphore.IsNew);

        // It has its value now, whatever that is: another opener does not wait, and does not give it again.
        if (value > 0)
        {
            Assert.All(Enumerable.Range(0, value), _ => semaphore.Take());
        }

        Assert.Equal(0, SystemVSemaphore.Open(_key, 7, Owner, TimeSpan.MaxValue).CurrentCount);
    }

    [Fact]
    public async Task Threads_increment_a_counter_under_the_semaphore_without_loss()
    {
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 1);
        int sum = 0;
        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => OnThread(() =>
            {
                for (int i = 0; i < 500; i++)
                {
                    using SystemVSemaphoreScope scope = semaphore.Enter();
                    sum++;
                }
            })));
        Assert.Equal(2_000, sum);
    }

    [Fact]
    public async Task Eight_processes_in_two_languages_increment_a_counter_under_the_semaphore_without_loss()
    {
        using TemporaryDirectory folder = new();
        SystemVSemaphore.Open(_key, 1);
        Assert.Equal(8 * 300, await LockPartners.SumAsync(folder.Path, "sysv", Key, 8, 300));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task An_entered_permit_of_a_killed_process_returns_and_a_taken_permit_does_not(string language)
    {
        using TemporaryDirectory folder = new();
        SystemVSemaphore semaphore = SystemVSemaphore.Open(_key, 2);
        await using PeerProcess partner = LockPartners.Start(folder.Path, language, "sysv", Key, "-");
        await partner.AskAsync("enter");
        semaphore.Take();
        Task<SystemVSemaphoreScope> next = OnThread(() => semaphore.Enter());
        await Until(() => semaphore.WaitingCount == 1, "the next one waits");
        await partner.KillAsync();
        (await next).Dispose();
        Assert.Equal(1, semaphore.CurrentCount);
        if (language == "Fairlead")
        {
            await using PeerProcess taker = LockPartners.Start(folder.Path, language, "sysv", Key, "-");
            await taker.AskAsync("take");
            await taker.KillAsync();
            Assert.Equal(0, semaphore.CurrentCount);
        }
    }

    [ToolFact("cc")]
    public async Task A_set_that_a_program_in_C_made_is_used_by_number_and_its_values_stay()
    {
        using TemporaryDirectory folder = new();
        await using PeerProcess partner = LockPartners.Start(folder.Path, "C", "sysv", Key, "-");
        await partner.AskAsync("make 3 2");
        SystemVSemaphore last = SystemVSemaphore.OpenExisting(_key, 2);
        using (last.Enter())
        {
            Assert.Equal(1, last.CurrentCount);
            Assert.Equal(2, SystemVSemaphore.Open(_key, 9).CurrentCount);
        }

        await partner.AskAsync("enter");
        Assert.Equal((2, 1), (last.CurrentCount, SystemVSemaphore.OpenExisting(_key).CurrentCount));
        Assert.EndsWith(", number 2", last.ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<string> Languages => [.. LockPartners.Languages];
}
