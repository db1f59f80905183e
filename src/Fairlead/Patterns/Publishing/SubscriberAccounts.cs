namespace Fairlead.Patterns.Publishing;

/// <summary>
/// The accounts of the subscribers that want to know, when they come back, how many messages they have missed. Under the publisher's lock,
/// which publishing takes too while there is an account.
/// </summary>
/// <remarks>
/// <para>
/// A subscriber names itself when it asks for its topics, and says how many messages it has got, or knows to have missed, since it first
/// did. What was published for it beyond that number is what it does not know yet. Nothing else is compared: neither connections nor
/// queues.
/// </para>
/// <para>
/// What is kept for subscribers that are away is limited: the number of accounts, and the patterns of each. The one that was made first
/// goes first. Its subscriber begins again, and is told of no more than what it misses from then on.
/// </para>
/// </remarks>
internal sealed class SubscriberAccounts
{
    private const int Most = 256;
    private const int MostPatternsAway = 64;

    private readonly Dictionary<Guid, SubscriberAccount> _accounts = [];
    private readonly Queue<Guid> _order = new();
    private int _count;

    /// <summary>Whether there is no account. Read without the lock: who then finds one in an audience looks again.</summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Lets a subscriber begin or continue.</summary>
    /// <param name="name">How it names itself.</param>
    /// <param name="subscriptions">What it asks for.</param>
    /// <param name="known">How many messages it has got, or knows to have missed.</param>
    /// <returns>How many it has missed beside that.</returns>
    public long Enter(Guid name, Subscriptions subscriptions, long known)
    {
        if (!_accounts.TryGetValue(name, out SubscriberAccount? account))
        {
            MakeRoom();
            account = new SubscriberAccount(subscriptions, known);
            _accounts.Add(name, account);
            _order.Enqueue(name);
            Volatile.Write(ref _count, _accounts.Count);
        }

        // An earlier connection of it, of which this end does not know yet that it is lost, has no account from now on.
        account.Subscriptions.Account = null;
        (account.Subscriptions, subscriptions.Account) = (subscriptions, account);

        // Both numbers may have wrapped around at 2³², as the numbers of messages do.
        uint missed = unchecked((uint)(account.Due - known));
        return missed <= int.MaxValue ? missed : 0;
    }

    /// <summary>Forgets a subscriber that has left and had too many patterns to be kept.</summary>
    public void Leave(Subscriptions subscriptions)
    {
        if (subscriptions.Account is { } account && subscriptions.Count > MostPatternsAway)
        {
            Forget(_accounts.First(pair => pair.Value == account).Key);
        }
    }

    /// <summary>Returns the accounts of those that are away and had asked for this topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="present">The accounts of those that are connected.</param>
    public IEnumerable<SubscriberAccount> Away(string topic, HashSet<SubscriberAccount> present) =>
        _accounts.Values.Where(account => !present.Contains(account) && account.Subscriptions.Match(topic));

    private void MakeRoom()
    {
        while (_accounts.Count >= Most)
        {
            Forget(_order.Dequeue());
        }
    }

    private void Forget(Guid name)
    {
        if (_accounts.Remove(name, out SubscriberAccount? account))
        {
            account.Subscriptions.Account = null;
            Volatile.Write(ref _count, _accounts.Count);
        }
    }
}
