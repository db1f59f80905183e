using Fairlead.Patterns.Publishing;

namespace Fairlead.Tests.Patterns;

/// <summary>What a publisher keeps for subscribers that are away, and how much of it.</summary>
public sealed class SubscriberAccountsTests
{
    private readonly SubscriberAccounts _accounts = new();

    [Fact]
    public void Messages_published_beyond_the_last_number_of_a_subscriber_are_missed()
    {
        Guid name = Guid.NewGuid();
        Subscriptions first = New("t");
        Assert.True(_accounts.IsEmpty);
        Assert.Equal(0, _accounts.Enter(name, first, 7));
        Assert.False(_accounts.IsEmpty);
        SubscriberAccount account = Assert.Single(_accounts.Away("t", []));
        account.Due += 5;
        Assert.Empty(_accounts.Away("other", []));
        Assert.Empty(_accounts.Away("t", [account]));
        Assert.Equal(2, _accounts.Enter(name, New("other"), 10));
        Assert.Null(first.Account);
        Assert.Same(account, Assert.Single(_accounts.Away("other", [])));
    }

    [Theory]
    [InlineData(uint.MaxValue, 3, 4)]
    [InlineData(5, 5, 0)]
    [InlineData(6, 5, 0)]
    [InlineData(long.MinValue, 0, 0)]
    public void Numbers_wrap_around_and_an_impossible_number_is_ignored(long known, long due, long missed)
    {
        Guid name = Guid.NewGuid();
        _accounts.Enter(name, New("t"), 0);
        Assert.Single(_accounts.Away("t", [])).Due = due;
        Assert.Equal(missed, _accounts.Enter(name, New("t"), known));
    }

    [Fact]
    public void The_kept_accounts_are_bounded_for_any_number_of_subscribers()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _accounts.Enter(Guid.NewGuid(), New("t"), 0);
        }

        Assert.Equal(256, _accounts.Away("t", []).Count());
    }

    [Fact]
    public void More_than_64_patterns_are_not_kept_for_a_disconnected_subscriber()
    {
        Subscriptions many = New([.. Enumerable.Range(0, 65).Select(static i => $"t{i}")]);
        Subscriptions few = New([.. Enumerable.Range(0, 64).Select(static i => $"t{i}")]);
        _accounts.Enter(Guid.NewGuid(), many, 0);
        _accounts.Enter(Guid.NewGuid(), few, 0);
        _accounts.Leave(many);
        _accounts.Leave(few);
        Assert.Same(few, Assert.Single(_accounts.Away("t1", [])).Subscriptions);
        Assert.Null(many.Account);
    }

    private static Subscriptions New(params string[] patterns)
    {
        Subscriptions made = new();
        foreach (string pattern in patterns)
        {
            Assert.Null(made.Change(pattern, subscribes: true));
        }

        return made;
    }
}
