using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a condition, one at a time.</summary>
public sealed unsafe class ConditionWordsTests : IDisposable
{
    private readonly WordsMemory _memory = new(ConditionLayout.Size);
    private readonly ConditionWords _words;

    public ConditionWordsTests() => _words = new ConditionWords(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void The_longest_waiter_is_notified_first()
    {
        _words.NotifyOne();
        uint[] tickets = [Join(), Join(), Join()];
        Assert.Equal([0u, 0u, 0u], Notified(tickets));
        _words.NotifyOne();
        Assert.Equal([1u, 0u, 0u], Notified(tickets));
        _words.NotifyOne();
        Assert.Equal([1u, 1u, 0u], Notified(tickets));
        _words.NotifyAll();
        Assert.Equal([1u, 1u, 1u], Notified(tickets));
        _words.NotifyAll();
        Assert.Equal([1u, 1u, 1u], Notified(tickets));
        Leave(tickets);
        _words.NotifyAll();
        Assert.Equal([1u, 1u, 1u], Notified(tickets));
    }

    [Fact]
    public void A_waiters_slot_starts_without_a_notification()
    {
        for (int i = 0; i < WaitQueueLayout.Places; i++)
        {
            uint ticket = Join();
            _words.NotifyWaitQueue();
            Assert.Equal(1u, *_words.Notified(ticket));
            Leave(ticket);
        }

        uint again = Join();
        Assert.Equal(0u, *_words.Notified(again));
        Leave(again);
    }

    [Fact]
    public void Any_notification_wakes_all_waiters_beyond_the_capacity_of_the_queue()
    {
        uint before = _words.JoinOverflow();
        Assert.Equal(0u, before);
        _words.NotifyWaitQueue();
        Assert.Equal(before, *_words.Overflow);
        _words.NotifyOne();
        Assert.Equal(1u, *_words.Overflow);
        _words.NotifyOne();
        _words.NotifyAll();
        Assert.Equal(1u, *_words.Overflow);
        Assert.Equal(1u, _words.JoinOverflow());
        _words.NotifyAll();
        Assert.Equal(2u, *_words.Overflow);
    }

    [Fact]
    public void A_full_wait_queue_refuses_a_waiter()
    {
        uint[] tickets = [.. Enumerable.Range(0, WaitQueueLayout.MostWaiting).Select(_ => Join())];
        Assert.False(_words.TryJoin(_memory.Keeper, out _));
        _words.NotifyOne();
        Assert.Equal(1u, *_words.Notified(tickets[0]));
        Assert.Equal(0u, *_words.Notified(tickets[1]));
        _words.NotifyAll();
        Assert.Equal(1u, *_words.Notified(tickets[^1]));
        Leave(tickets);
    }

    [Fact]
    public void Waiters_that_were_notified_and_died_are_counted()
    {
        uint[] tickets = [Join(), Join(), Join(), Join()];
        _words.NotifyOne();
        _words.NotifyOne();
        Assert.Equal(0, _words.CountMissing(tickets[3]));
        _memory.Die(_words.WaitQueue, tickets[0]);
        Assert.Equal((1, 1, 0), (_words.CountMissing(tickets[3]), _words.CountMissing(tickets[1]), _words.CountMissing(tickets[0])));
        _memory.Die(_words.WaitQueue, tickets[1]);
        Assert.Equal(2, _words.CountMissing(tickets[3]));

        // A waiter that dies before its turn swallows no notification.
        _memory.Die(_words.WaitQueue, tickets[2]);
        Assert.Equal(2, _words.CountMissing(tickets[3]));
        Leave(tickets[3]);
    }

    [Fact]
    public void A_missing_waiter_is_counted_only_by_waiters_within_the_length_of_the_queue()
    {
        uint dead = Join();
        _words.NotifyOne();
        _memory.Die(_words.WaitQueue, dead);
        uint[] tickets = [.. Enumerable.Range(0, WaitQueueLayout.MostWaiting).Select(_ => Join())];
        Assert.Equal(1, _words.CountMissing(tickets[^2]));
        Assert.Equal(0, _words.CountMissing(tickets[^1]));
        Leave(tickets);
    }

    private uint Join()
    {
        Assert.True(_words.TryJoin(_memory.Keeper, out uint ticket));
        return ticket;
    }

    private void Leave(params uint[] tickets)
    {
        foreach (uint ticket in tickets)
        {
            _words.WaitQueue.Leave(_memory.Keeper, ticket);
        }
    }

    private uint[] Notified(uint[] tickets) => [.. tickets.Select(ticket => *_words.Notified(ticket))];
}
