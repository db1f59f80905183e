using System.Buffers.Binary;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Patterns.Publishing;
using Fairlead.Patterns.Stores;

namespace Fairlead;

/// <content>Late subscribers get the last messages first.</content>
public sealed partial class Publisher
{
    private const int MostHistory = 1 << 20;

    private readonly RankedLock _historyGate = new(LockRank.PublisherHistory);
    private readonly History? _history;
    private readonly SubscriberAccounts _accounts = new();

    /// <summary>Adds the message to the history or the store and returns its audience.</summary>
    /// <remarks>A subscriber that asks for the topic later gets the message from there and is not part of this audience.</remarks>
    /// <param name="topic">The topic.</param>
    /// <param name="message">The payload.</param>
    /// <param name="round">Gets the place in the store, where there is one.</param>
    private Audience Enter(string topic, ReadOnlySpan<byte> message, ref Round round) =>
        _history is null && _stored is null && FindUncounted(topic) is { } uncounted
            ? uncounted
            : Keep(topic, message, ref round);

    /// <summary>Does the same under the publisher's lock.</summary>
    private Audience Keep(string topic, ReadOnlySpan<byte> message, ref Round round)
    {
        using (_historyGate.Hold())
        {
            Audience audience = Find(topic, withAccounts: true)!;
            foreach (DueCount count in audience.Counts!)
            {
                count.Due++;
            }

            _history?.Add(topic, audience.Head, message);
            round.Position = _stored?.Append(topic, message);
            return audience;
        }
    }

    /// <summary>Changes the subscriptions of a subscriber and replays the history for new ones. Called by the pump.</summary>
    private string? Change(Link link, string pattern, bool subscribes)
    {
        Subscriptions subscriptions = (Subscriptions)link.Tag!;
        if (_history is null)
        {
            string? refusal = subscriptions.Change(pattern, subscribes);
            ChangeAudiences();
            return refusal;
        }

        using (_historyGate.Hold())
        {
            Subscriptions before = subscriptions.Copy();
            if (subscriptions.Change(pattern, subscribes) is { } refusal)
            {
                return refusal;
            }

            ChangeAudiences();
            for (int i = 0; subscribes && i < _history.Count; i++)
            {
                History.Entry entry = _history[i];
                if (TopicFilter.Matches(pattern, entry.Topic) && !before.Match(entry.Topic))
                {
                    link.LinkSender.Replay(entry, _history);
                }
            }
        }

        link.LinkSender.ServeReplayed();
        return null;
    }

    /// <summary>Tells a subscriber how many messages it has missed, when it has asked for its last topic. Called by the pump.</summary>
    private string? Reckon(Link link, string pattern, ReadOnlySpan<byte> field)
    {
        Subscriptions subscriptions = (Subscriptions)link.Tag!;
        if ((!subscriptions.IsEmpty && !subscriptions.IsJoining) || field.Length != Subscriber.AccountBytes)
        {
            // It has messages already, which would count twice.
            return Change(link, pattern, subscribes: true);
        }

        subscriptions.IsJoining = true;
        string? refusal = Change(link, pattern, subscribes: true);
        if (field[^1] == 0)
        {
            using (_historyGate.Hold())
            {
                // What is published before this lock is missed, and what is published after it is sent, behind the number.
                long missed = _accounts.Enter(
                    new Guid(field[..Subscriber.AccountNameBytes]),
                    subscriptions,
                    BinaryPrimitives.ReadInt64BigEndian(field[Subscriber.AccountNameBytes..]));
                if (missed > 0)
                {
                    link.LinkSender.AddMissed(missed);
                }

                subscriptions.IsJoining = false;
                ChangeAudiences();
            }
        }

        return refusal;
    }

    /// <summary>Lets a subscriber begin with stored messages, when it has asked for its last topic. Called by the pump.</summary>
    private string? Resume(Link link, string pattern, ReadOnlySpan<byte> head, ReadOnlySpan<byte> replay)
    {
        Subscriptions subscriptions = (Subscriptions)link.Tag!;
        bool begins = subscriptions.IsEmpty || (subscriptions.IsBehind && !subscriptions.IsCatchingUp);
        if (!begins || replay.Length != Subscriber.ReplayBytes)
        {
            // It has messages already: what it asks for now comes from now on.
            return Change(link, pattern, subscribes: true);
        }

        subscriptions.IsBehind = true;
        if (Change(link, pattern, subscribes: true) is { } refusal)
        {
            return refusal;
        }

        bool isLast = replay[^1] == 0;
        if (isLast)
        {
            subscriptions.IsCatchingUp = true;
            PublishedPosition? after = HeadReader.TryGet(head, HeadField.Position, out ReadOnlySpan<byte> position)
                ? PublishedPosition.Read(position)
                : null;

            // What is published from now on does not count.
            long start = _stored!.StartOf((long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(replay), long.MaxValue));
            _stored.Start(() => CatchUpAsync(
                link, subscriptions, () => after is { } seen ? _stored.ReadBehind(seen) : _stored.ReadLast(start)));
        }

        return null;
    }

    /// <summary>Publishes when it is this caller's turn: subscribers get stored messages in their order.</summary>
    private async ValueTask<int> PublishStoredAsync(
        StoredPublications stored, string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        using StoredPublications.Turn turn = await stored.TakeAsync(cancellationToken).ConfigureAwait(false);
        Start(topic, message.Span, mayWait: false, out Round round);
        return round.Waiting is null ? End(round) : await FinishAsync(round, message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns whether a subscriber whose queue is full gets the messages from the store, later.</summary>
    private static bool MayFallBehind(Link link) =>
        link.PeerAsksFor is null or OverflowPolicy.Wait && link.Tag is Subscriptions { IsCatchingUp: true };

    /// <summary>Lets a subscriber get messages from the store, from this one on. Called by the one who publishes.</summary>
    private void FallBehind(Link link, PublishedPosition position)
    {
        Subscriptions subscriptions = (Subscriptions)link.Tag!;
        subscriptions.IsBehind = true;
        ChangeAudiences();
        _stored!.Start(() => CatchUpAsync(link, subscriptions, () => _stored.ReadFrom(position.Number)));
    }

    /// <summary>Sends a subscriber what is stored, until it has all of it; from then on it gets what is published.</summary>
    private async Task CatchUpAsync(Link link, Subscriptions subscriptions, Func<PublicationReader> open)
    {
        try
        {
            using PublicationReader reader = open();
            while (TryReadStored(reader, subscriptions) is { } message)
            {
                if (reader.TakeMissed() is > 0 and long missed)
                {
                    link.LinkSender.AddMissed(missed);
                }

                if (subscriptions.Match(message.Topic) && !await SendStoredAsync(link, message).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is not (ObjectDisposedException or OperationCanceledException))
        {
            // Without this message the next one would be out of order. The subscriber connects again, and asks from here.
            FairleadEventSource.Log.Contained("reading stored messages", exception.ToString());
            link.Kill(CloseReason.PeerDied, "the publisher could not read its store");
        }
        catch (Exception)
        {
            // The publisher ends.
        }
    }

    /// <summary>Reads the next stored message; null: there is none, and the subscriber gets those that are published from now on.</summary>
    private StoredMessage? TryReadStored(PublicationReader reader, Subscriptions subscriptions)
    {
        if (reader.Next() is { } next)
        {
            return next;
        }

        // Publishing adds to the store and looks for its audience under this lock: a message is in one or the other.
        using (_historyGate.Hold())
        {
            if (reader.Next() is { } late)
            {
                return late;
            }

            subscriptions.IsBehind = false;
            ChangeAudiences();
            return null;
        }
    }

    private async ValueTask<bool> SendStoredAsync(Link link, StoredMessage message)
    {
        byte[] head = HeadWriter.Join(Head(message.Topic), StoredPublications.PositionField(message.Position));
        if (!link.LinkSender.Takes((long)head.Length + message.Payload.Length))
        {
            link.LinkSender.CountMissed();
            return true;
        }

        LinkResult result = await new Outbox(Core)
            .CallAsync(link, new OutgoingMessage(MessageHeader.Of(MessageKind.Publish), head, message.Payload), null, _stored!.Ending)
            .ConfigureAwait(false);
        return result.Outcome == LinkOutcome.Sent;
    }
}
