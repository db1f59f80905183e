using System.Reflection;
using System.Runtime.CompilerServices;
using Fairlead.Time;

namespace Fairlead.Tests;

public sealed class DeadlineTests
{
    [Fact]
    public void A_deadline_without_a_timeout_never_passes()
    {
        foreach (var deadline in new[]
            {
                Deadline.Infinite,
                Deadline.After(null),
                Deadline.After(Timeout.InfiniteTimeSpan),
                Deadline.After(TimeSpan.MaxValue),
                default,
            })
        {
            Assert.True(deadline.IsInfinite);
            Assert.False(deadline.Passed);
            Assert.Equal(TimeSpan.MaxValue, deadline.Remaining);
            Assert.Equal(Timeout.InfiniteTimeSpan, deadline.RemainingWait);
        }
    }

    [Fact]
    public void A_timeout_of_zero_has_passed()
    {
        var deadline = Deadline.After(TimeSpan.Zero);

        Assert.True(deadline.Passed);
        Assert.Equal(TimeSpan.Zero, deadline.RemainingWait);
    }

    [Fact]
    public void The_remaining_time_follows_the_clock_and_is_never_negative()
    {
        var clock = new StoppedClock();
        var deadline = Deadline.After(5.Seconds(), clock);

        Assert.Equal(5.Seconds(), deadline.Remaining);
        clock.Advance(4.Seconds());
        Assert.Equal(1.Seconds(), deadline.Remaining);
        Assert.False(deadline.Passed);
        clock.Advance(1.Seconds());
        Assert.True(deadline.Passed);
        clock.Advance(1.Seconds());
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Fact]
    public void The_earlier_of_two_deadlines_counts()
    {
        var clock = new StoppedClock();
        var deadline = Deadline.After(5.Seconds(), clock);

        Assert.Equal(2.Seconds(), deadline.OrSooner(2.Seconds()).Remaining);
        Assert.Equal(5.Seconds(), deadline.OrSooner(9.Seconds()).Remaining);
        Assert.Equal(5.Seconds(), deadline.OrSooner(null).Remaining);
    }

    [Fact]
    public void A_negative_timeout_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Deadline.After(-5.Seconds()));

    /// <summary>Its value is two words, which another thread may see change one after the other.</summary>
    [Fact]
    public void Only_the_listed_fields_which_a_lock_protects_hold_a_deadline_that_changes()
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        Assert.Equal(
            ["Expiry._end", "Link._handshakeEnd", "LinkOperation.<Deadline>k__BackingField"],
            typeof(Deadline).Assembly.GetTypes()
                .SelectMany(static type => type.GetFields(Own))
                .Where(static field => field.FieldType == typeof(Deadline) && !field.IsInitOnly)
                .Where(static field => !field.DeclaringType!.IsDefined(typeof(CompilerGeneratedAttribute)))
                .Select(static field => $"{field.DeclaringType!.Name.Split('`')[0]}.{field.Name}")
                .Order(StringComparer.Ordinal));
    }

    private sealed class StoppedClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan span) => _now += span.Ticks * 100;
    }
}
