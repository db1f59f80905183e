using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Publishing;

/// <summary>How many messages were published for a subscriber, whether it is connected or not. Under the lock of its owner.</summary>
/// <param name="subscriptions">What it asks for; while it is away, what it asked for last.</param>
/// <param name="due">The number with which it begins.</param>
internal sealed class SubscriberAccount(Subscriptions subscriptions, long due) : DueCount(due)
{
    public Subscriptions Subscriptions { get; set; } = subscriptions;
}
