using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Endpoint;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Publishing;

namespace Fairlead;

/// <content>
/// The audience of each topic, cached until subscribers join, leave or change their subscriptions; and messages written once for all who
/// share the memory.
/// </content>
public sealed partial class Publisher
{
    /// <summary>The most cached topics. A publisher with more topics searches for the subscribers of each again.</summary>
    private const int MostAudiences = 1024;

    /// <summary>The period for measuring readers: below one in <see cref="LeastReading"/> of the unread bytes, the publisher
    /// sleeps.</summary>
    private static readonly long ReadingSpan = Stopwatch.Frequency / 500;

    private const int LeastReading = 32;

    private readonly ConcurrentDictionary<string, Audience> _audiences = new(StringComparer.Ordinal);
    private int _version;

    // Completed and replaced at every change of the subscribers. Null while no caller waits.
    private TaskCompletionSource? _changed;

    /// <summary>Returns how many subscribers have subscribed to the topic.</summary>
    /// <remarks>
    /// Each of them gets the messages published on it from now on, as its policy allows. A subscriber counts once its patterns have
    /// arrived, which is later than its entry in <see cref="MessagingEndpoint.Peers"/>.
    /// </remarks>
    /// <param name="topic">A topic, without wildcards.</param>
    /// <exception cref="ArgumentException">The topic is not valid.</exception>
    public int SubscribersOf(string topic) => AudienceOf(topic).Count;

    /// <summary>Completes when at least <paramref name="count"/> subscribers have subscribed to the topic.</summary>
    /// <param name="topic">A topic, without wildcards.</param>
    /// <param name="count">The number of subscribers.</param>
    /// <param name="timeout">How long to wait at most; null waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number of subscribers.</returns>
    /// <exception cref="ArgumentException">The topic is not valid.</exception>
    /// <exception cref="FairleadException">
    /// Timeout: there were fewer in time. PeerGone: a connected publisher has lost its subscriber.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The publisher is closing or closed.</exception>
    public async ValueTask<int> WaitForSubscribersAsync(
        string topic, int count = 1, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Deadline.Check(timeout);
        Deadline deadline = Deadline.After(timeout, Core.Settings.Time);
        while (true)
        {
            // Before the count is read: a change after that completes this task.
            Task changed = NextChange();
            int subscribers = SubscribersOf(topic);
            cancellationToken.ThrowIfCancellationRequested();
            if (subscribers >= count)
            {
                return subscribers;
            }

            new Outbox(Core).ThrowIfClosing();
            if (Core.Presence.HasEnded)
            {
                throw Core.Presence.EndException();
            }

            if (deadline.Passed)
            {
                throw TooFew(topic, subscribers, count);
            }

            try
            {
                await changed.WaitAsync(deadline.RemainingTimer, Core.Settings.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The deadline says whether the time is over.
            }
        }
    }

    /// <summary>Completes when at least <paramref name="count"/> subscribers have subscribed to the topic.</summary>
    /// <inheritdoc cref="WaitForSubscribersAsync(string, int, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public ValueTask<int> WaitForSubscribersAsync(string topic, int count, CancellationToken cancellationToken) =>
        WaitForSubscribersAsync(topic, count, null, cancellationToken);

    /// <summary>Blocks until at least <paramref name="count"/> subscribers have subscribed to the topic.</summary>
    /// <inheritdoc cref="WaitForSubscribersAsync(string, int, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public int WaitForSubscribers(
        string topic, int count = 1, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Opening.Wait(WaitForSubscribersAsync(topic, count, timeout, cancellationToken));

    /// <summary>Notes that a subscriber joined, left or changed its subscriptions. Called after the change, which later lookups then
    /// see.</summary>
    private void ChangeAudiences()
    {
        Interlocked.Increment(ref _version);
        TellOfChange();
    }

    private Audience AudienceOf(string topic)
    {
        if (FindUncounted(topic) is { } uncounted)
        {
            return uncounted;
        }

        using (_historyGate.Hold())
        {
            return Find(topic, withAccounts: true)!;
        }
    }

    /// <summary>Returns the audience of a topic if none of it has an account; else null, and the publisher's lock is needed.</summary>
    private Audience? FindUncounted(string topic) => _accounts.IsEmpty ? Find(topic, withAccounts: false) : null;

    /// <summary>Returns the audience of a topic.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="withAccounts">
    /// Whether this is under the publisher's lock. Otherwise null is returned if a member has an account.
    /// </param>
    private Audience? Find(string topic, bool withAccounts)
    {
        int version = Volatile.Read(ref _version);
        if (_audiences.TryGetValue(topic, out Audience? audience)
            && audience.Version == version
            && (audience.Counts is not null) == withAccounts)
        {
            return audience;
        }

        byte[] head = audience?.Head ?? Head(topic);
        if (_audiences.Count >= MostAudiences)
        {
            _audiences.Clear();
        }

        int later = 0;
        List<Link> links = [];
        List<SubscriberAccount> accounts = [];
        HashSet<SubscriberAccount> present = [];
        foreach (Link link in Core.LinkSnapshot)
        {
            if (link.Tag is not Subscriptions subscriptions)
            {
                continue;
            }

            // Before it is asked whether it joins: its patterns change only after it has said so.
            bool matches = subscriptions.Match(topic);
            if (subscriptions.IsJoining)
            {
                continue;
            }

            SubscriberAccount? account = subscriptions.Account;
            if (account is not null && !withAccounts)
            {
                return null;
            }

            if (account is not null && present.Add(account) && matches)
            {
                accounts.Add(account);
            }

            if (matches)
            {
                if (subscriptions.IsBehind)
                {
                    later++;
                }
                else
                {
                    links.Add(link);
                }
            }
        }

        if (withAccounts)
        {
            accounts.AddRange(_accounts.Away(topic, present));
        }

        return _audiences[topic] = new Audience([.. links], version, head, later, withAccounts ? [.. accounts] : null);
    }

    /// <summary>Returns the head of all messages on a topic.</summary>
    private byte[] Head(string topic)
    {
        TopicFilter.CheckTopic(topic);
        byte[] name = Encoding.UTF8.GetBytes(topic);
        int longest = Core.Settings.LongestTopic;
        if (name.Length > longest)
        {
            throw new ArgumentException(
                $"A topic at {Core.Address.Scheme}:// has at most {longest} bytes in UTF-8, and this one has {name.Length}.",
                nameof(topic));
        }

        byte[] space = new byte[name.Length + 8];
        HeadWriter head = new(space);
        head.Add(HeadField.Topic, name);
        return space[..head.Length];
    }

    /// <summary>Writes the message once for all members of the audience that share the memory, and returns which ones it reached.</summary>
    private ulong WriteOnce(Audience audience, ReadOnlySpan<byte> message, ReadOnlySpan<byte> behind, ref Round round)
    {
        // A traced message has a span for each subscriber.
        if (audience.WithSlots is null || Tracing.IsWatched)
        {
            return 0;
        }

        long start = OperationMeter.StartCall();
        round.Buffered = new BroadcastWriter(Core).WriteOnce(audience, message, behind, out ulong reached);
        for (int i = 0; start != 0 && i < round.Buffered; i++)
        {
            OperationMeter.EndCall(start, MessageKind.Publish, Core.MeterTags, null);
        }

        return reached;
    }

    /// <summary>Briefly lets readers make progress before this thread sleeps, and then writes the message once for those with
    /// capacity.</summary>
    /// <remarks>
    /// The message is written only if all subscribers that are waited for and share the memory have capacity by then. Subscribers that were
    /// reached leave the list.
    /// </remarks>
    private void AwaitRoom(
        List<Link> waiting, ref Round round, ReadOnlySpan<byte> message, Deadline deadline, CancellationToken cancellationToken)
    {
        int length = round.Head.Length + message.Length;
        if (Tracing.IsWatched
            || Core.BroadcastHolder.GetOrMake() is not { } broadcast
            || !waiting.Exists(static link => link.Place.Slot is { IsTaken: true }))
        {
            return;
        }

        // All that subscribers have not read, not only those waited for: these may need a processor that the others occupy until they have
        // read.
        long first = broadcast.Unread;
        long before = first;
        long end = Stopwatch.GetTimestamp() + ReadingSpan;
        do
        {
            Thread.Yield();
            if (Stopwatch.GetTimestamp() >= end)
            {
                long unread = broadcast.Unread;
                if (before - unread < Math.Max(1, first / LeastReading))
                {
                    break;
                }

                before = unread;
                end = Stopwatch.GetTimestamp() + ReadingSpan;
            }
        }
        while (!waiting.TrueForAll(link => link.Place.HasCaughtUp(length))
            && !deadline.Passed
            && !cancellationToken.IsCancellationRequested);

        foreach (Link link in waiting)
        {
            link.Place.TryResume(length);
        }

        Audience those = new([.. waiting], 0, round.Head);
        round.Buffered += new BroadcastWriter(Core).WriteOnce(those, message, default, out ulong reached);
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            if (those.IsReached(i, reached))
            {
                waiting.RemoveAt(i);
            }
        }
    }

    /// <summary>Lets a subscriber share the memory again once it has read all messages that went through its connection.</summary>
    private void Rejoin(Link link)
    {
        if (link.Place.HasSpoiltBroadcast)
        {
            link.Kill(CloseReason.ProtocolError, "it has corrupted the memory that it shares with this publisher");
        }
        else if (!Tracing.IsWatched && link.Place.TryJoin())
        {
            ChangeAudiences();
        }
    }

    void ILinkOwner.OnClosing()
    {
        _stored?.End();
        TellOfChange();
    }

    private FairleadException TooFew(string topic, int subscribers, int count) =>
        new(
            ErrorCode.Timeout,
            $"{subscribers} of {count} subscribers have asked for '{topic}' in time",
            "Start the others, or compare their patterns with the topic.")
        {
            Address = Address,
        };

    private Task NextChange()
    {
        if (Volatile.Read(ref _changed) is { } made)
        {
            return made.Task;
        }

        TaskCompletionSource mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _changed, mine, null) ?? mine).Task;
    }

    /// <summary>
    /// Wakes the callers that wait for a change. Called after the change; <see cref="NextChange"/> is called before the look. Each has a
    /// full fence, so either the caller sees the change, or it is woken here.
    /// </summary>
    private void TellOfChange()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _changed) is not null)
        {
            Interlocked.Exchange(ref _changed, null)?.TrySetResult();
        }
    }
}
