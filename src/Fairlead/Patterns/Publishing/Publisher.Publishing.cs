using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;
using Fairlead.Patterns.Publishing;

namespace Fairlead;

/// <content>Sending one message to many subscribers, each by its own policy.</content>
public sealed partial class Publisher
{
    /// <summary>Publishes a message. Blocks only while a subscriber with <see cref="OverflowPolicy.Wait"/> has a full queue.</summary>
    /// <remarks>The wait takes at most <see cref="PublisherOptions.LongestWait"/>.</remarks>
    /// <param name="topic">Words separated by dots; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">The payload. Copied before this returns.</param>
    /// <param name="cancellationToken">Ends the wait. Subscribers with full queues then miss the message.</param>
    /// <returns>The number of subscribers it was buffered for, with those that get it from the store later.</returns>
    /// <exception cref="ArgumentException">The topic is not valid.</exception>
    /// <exception cref="FairleadException">
    /// Full: this publisher uses <see cref="OverflowPolicy.Fail"/>, and the queue of a subscriber is full. The others have received the
    /// message.
    /// </exception>
    public int Publish(string topic, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_stored is null)
        {
            return PublishInTurn(topic, message, default, cancellationToken);
        }

        using StoredPublications.Turn turn = _stored.Take(cancellationToken);
        return PublishInTurn(topic, message, default, cancellationToken);
    }

    /// <summary>Publishes a value with the mark of its layout. Copies it once if all subscribers share the memory.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)"/>
    internal int PublishValue<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>(
        string topic, in T value, CancellationToken cancellationToken)
        where T : unmanaged
    {
        if (_history is not null || _stored is not null || Core.Settings.Confirms || FindUncounted(topic) is not { } audience)
        {
            using StructBytes kept = StructBytes.Of(in value);
            return Publish(topic, kept.Span, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        new Outbox(Core).ThrowIfClosing();
        Round round = new() { Head = audience.Head };
        ReadOnlySpan<byte> bare = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));
        ulong reached = WriteOnce(audience, bare, LayoutMark.Behind<T>(), ref round);
        if (round.Buffered == audience.Links.Length)
        {
            return round.Buffered;
        }

        using StructBytes bytes = StructBytes.Of(in value);
        GiveOthers(audience, reached, topic, bytes.Span, mayWait: true, ref round);
        return round.Waiting is null ? End(round) : Finish(round, bytes.Span, cancellationToken);
    }

    /// <summary>
    /// Publishes a message. Completes immediately, unless a subscriber with <see cref="OverflowPolicy.Wait"/> has a full queue.
    /// </summary>
    /// <remarks>
    /// Then it completes when that subscriber has capacity, at most after <see cref="PublisherOptions.LongestWait"/>.
    /// </remarks>
    /// <param name="topic">Words separated by dots; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">The payload. It must not change until completion.</param>
    /// <param name="cancellationToken">Ends the wait. Subscribers with full queues then miss the message.</param>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<int> PublishAsync(string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        if (_stored is not null)
        {
            return PublishStoredAsync(_stored, topic, message, cancellationToken);
        }

        Start(topic, message.Span, mayWait: false, out Round round);
        ValueTask<int> reached =
            round.Waiting is null ? new ValueTask<int>(End(round)) : FinishAsync(round, message, cancellationToken);
        return Core.Settings.Confirms ? AwaitConfirmedAsync(reached, cancellationToken) : reached;
    }

    /// <summary>Publishes a message. Completes like the overload that takes memory.</summary>
    /// <param name="topic">Words separated by dots; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">The payload. Copied before this returns if the message has to wait.</param>
    /// <param name="cancellationToken">Ends the wait. Subscribers with full queues then miss the message.</param>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<int> PublishAsync(string topic, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default) =>
        _stored is null
            ? PublishAsync(topic, message, fields: default, cancellationToken)
            : PublishStoredAsync(_stored, topic, message.ToArray(), cancellationToken);

    /// <summary>Publishes a message with further fields of its head, for a bridge. Blocks like the public method.</summary>
    internal int Publish(string topic, ReadOnlySpan<byte> message, ReadOnlySpan<byte> fields, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return PublishInTurn(topic, message, fields, cancellationToken);
    }

    /// <summary>Publishes a message with further fields of its head, for a bridge. Completes like the public method.</summary>
    internal ValueTask<int> PublishAsync(
        string topic, ReadOnlySpan<byte> message, ReadOnlySpan<byte> fields, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        Start(topic, message, mayWait: false, out Round round, fields);
        ValueTask<int> reached =
            round.Waiting is null ? new ValueTask<int>(End(round)) : FinishAsync(round, message.ToArray(), cancellationToken);
        return Core.Settings.Confirms ? AwaitConfirmedAsync(reached, cancellationToken) : reached;
    }

    /// <summary>Publishes several buffers as one message. Copies them into one.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public int Publish(string topic, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message, Core);
        using Joined whole = new(message);
        return Publish(topic, whole.Span, cancellationToken);
    }

    /// <summary>Publishes several buffers as one message. Copies them into one before this returns.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<int> PublishAsync(
        string topic, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        Outbox.CheckLength(message, Core);
        using Joined whole = new(message);
        return PublishAsync(topic, whole.Span, cancellationToken);
    }

    /// <summary>Blocks until the broker has confirmed what was published, on a durable address.</summary>
    private void AwaitConfirmed(CancellationToken cancellationToken)
    {
        if (Core.Settings.Confirms)
        {
            new Flushing(Core).Flush(null, cancellationToken);
        }
    }

    private async ValueTask<int> AwaitConfirmedAsync(ValueTask<int> publishing, CancellationToken cancellationToken)
    {
        int reached = await publishing.ConfigureAwait(false);
        await new Flushing(Core).FlushAsync(null, cancellationToken).ConfigureAwait(false);
        return reached;
    }

    /// <summary>Publishes a message whose turn it is. Blocks like the public method.</summary>
    private int PublishInTurn(
        string topic, ReadOnlySpan<byte> message, ReadOnlySpan<byte> fields, CancellationToken cancellationToken)
    {
        Start(topic, message, mayWait: true, out Round round, fields);
        int reached = round.Waiting is null ? End(round) : Finish(round, message, cancellationToken);
        AwaitConfirmed(cancellationToken);
        return reached;
    }

    /// <summary>Gives the message to all subscribers with capacity or a dropping policy, and notes the others.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="message">The payload.</param>
    /// <param name="mayWait">Whether the caller waits for a full queue.</param>
    /// <param name="round">
    /// The state of this message. It is filled in place: returned by value, its copy slowed publishing to shared memory.
    /// </param>
    /// <param name="fields">Placed behind the topic, for a bridge. No bridge shares memory with a publisher.</param>
    private void Start(
        string topic, ReadOnlySpan<byte> message, bool mayWait, out Round round, ReadOnlySpan<byte> fields = default)
    {
        new Outbox(Core).ThrowIfClosing();
        round = default;
        Audience audience = Enter(topic, message, ref round);
        if (round.Position.HasValue)
        {
            fields = StoredPublications.PositionField(round.Position.Value);
        }

        round.Head = fields.IsEmpty ? audience.Head : HeadWriter.Join(audience.Head, fields);
        ulong reached = fields.IsEmpty ? WriteOnce(audience, message, default, ref round) : 0;
        if (round.Buffered < audience.Links.Length)
        {
            GiveOthers(audience, reached, topic, message, mayWait, ref round);
        }

        round.Buffered += audience.Later;
    }

    /// <summary>Gives the message to the subscribers that it has not reached.</summary>
    private void GiveOthers(
        Audience audience, ulong reached, string topic, ReadOnlySpan<byte> message, bool mayWait, ref Round round)
    {
        Outbox outbox = new(Core, Core.FanOutBatch.Begin());
        try
        {
            GiveAll(audience, reached, outbox, topic, message, mayWait, ref round);
        }
        finally
        {
            Core.FanOutBatch.End();
        }
    }

    /// <summary>Waits for the subscribers with full queues that this publisher waits for.</summary>
    private int Finish(Round round, ReadOnlySpan<byte> message, CancellationToken cancellationToken)
    {
        List<Link> waiting = round.Waiting!;
        Deadline deadline = Deadline.After(_longestWait, Core.Settings.Time);
        AwaitRoom(waiting, ref round, message, deadline, cancellationToken);
        ExceptionDispatchInfo? failed = null;
        for (int i = 0; i < waiting.Count; i++)
        {
            try
            {
                bool isBuffered = failed is null
                    ? WaitFor(waiting[i], round.Head, message, deadline, cancellationToken)
                    : GiveLate(waiting[i], round.Head, message);
                round.Buffered += isBuffered ? 1 : 0;
            }
            catch (Exception exception)
            {
                // Go on without waiting: the subscribers behind this one may have capacity by now.
                waiting[i].LinkSender.CountMissed();
                failed ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        failed?.Throw();
        return End(round);
    }

    /// <summary>Sends through the connections of the audience, except to subscribers that the message has reached.</summary>
    private void GiveAll(
        Audience audience, ulong reached, in Outbox outbox, string topic, ReadOnlySpan<byte> message, bool mayWait, ref Round round)
    {
        OutgoingMessage outgoing = new(MessageHeader.Of(MessageKind.Publish), round.Head, message) { Topic = topic };
        for (int i = 0; i < audience.Links.Length; i++)
        {
            if (!audience.IsReached(i, reached))
            {
                Link link = audience.Links[i];
                if (mayWait
                    && link.Policy == OverflowPolicy.Wait
                    && link.Place.Slot is { IsSkipped: true, IsCorrupt: false }
                    && link.LinkSender.Takes((long)round.Head.Length + message.Length))
                {
                    // Wait for this subscriber instead of letting it leave the shared memory.
                    (round.Waiting ??= []).Add(link);
                }
                else
                {
                    try
                    {
                        Give(link, outbox, outgoing, ref round);
                        if (_stored is null)
                        {
                            Rejoin(link);
                        }
                    }
                    catch (Exception exception) when (exception is not ObjectDisposedException)
                    {
                        round.Failures.Note(link, exception);
                    }
                }
            }
        }
    }

    /// <summary>Sends to one subscriber through its connection.</summary>
    private void Give(Link link, in Outbox outbox, in OutgoingMessage message, ref Round round)
    {
        if (message.Payload.Length > link.LongestPayload || !link.LinkSender.Takes((long)message.Head.Length + message.Payload.Length))
        {
            // Longer than this subscriber accepts; the others get the message.
            link.LinkSender.CountMissed();
        }
        else
        {
            bool mayFallBehind = round.Position is not null && MayFallBehind(link);
            WhenFull whenFull = link.Policy.Drops() && !mayFallBehind ? WhenFull.Drop : WhenFull.Refuse;
            switch (outbox.Give(link, message, whenFull).Outcome)
            {
                case LinkOutcome.Sent:
                    round.Buffered++;
                    break;
                case LinkOutcome.Full when mayFallBehind:
                    FallBehind(link, round.Position!.Value);
                    round.Buffered++;
                    break;
                case LinkOutcome.Full when link.Policy == OverflowPolicy.Wait:
                    (round.Waiting ??= []).Add(link);
                    break;
                case LinkOutcome.Full when whenFull == WhenFull.Refuse:
                    link.LinkSender.CountMissed();
                    round.Failed++;
                    break;
            }
        }
    }

    private bool WaitFor(Link link, byte[] head, ReadOnlySpan<byte> message, Deadline deadline, CancellationToken cancellationToken) =>
        WasBuffered(
            link,
            new Outbox(Core).Call(
                link, new OutgoingMessage(MessageHeader.Of(MessageKind.Publish), head, message), deadline, cancellationToken));

    /// <summary>Sends to a subscriber for which the publisher no longer waits. It misses the message if its queue is still full.</summary>
    private bool GiveLate(Link link, byte[] head, ReadOnlySpan<byte> message)
    {
        OutgoingMessage outgoing = new(MessageHeader.Of(MessageKind.Publish), head, message);
        LinkOutcome outcome = new Outbox(Core).Give(link, outgoing, WhenFull.Refuse).Outcome;
        if (outcome == LinkOutcome.Full)
        {
            link.LinkSender.CountMissed();
        }

        return outcome == LinkOutcome.Sent;
    }

    private async ValueTask<int> FinishAsync(Round round, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        Outbox outbox = new(Core);
        round.Buffered += await WaitedCalls
            .AllAsync(
                round.Waiting!,
                link => outbox.CallAsync(
                    link,
                    new OutgoingMessage(MessageHeader.Of(MessageKind.Publish), round.Head, message),
                    _longestWait,
                    cancellationToken),
                (link, result) => WasBuffered(link, result))
            .ConfigureAwait(false);
        return End(round);
    }

    /// <summary>Returns whether the message was buffered for a subscriber that was waited for.</summary>
    private bool WasBuffered(Link link, in LinkResult result)
    {
        switch (result.Outcome)
        {
            case LinkOutcome.Sent:
                return true;
            case LinkOutcome.TimedOut:
                link.LinkSender.CountMissed();
                link.Kill(
                    CloseReason.SlowConsumer,
                    $"it asked the publisher to wait, and its queue stayed full for {SecondsText.Of(_longestWait)}");
                return false;
            default:
                return false;
        }
    }

    private int End(in Round round)
    {
        round.Failures.Throw();
        return round.Failed == 0
            ? round.Buffered
            : throw new FairleadException(
                ErrorCode.Full,
                $"the queues of {round.Failed} of {round.Failed + round.Buffered} subscribers were full when a message was published",
                "The others have received the message. Publish less, or choose another ?full= than fail.")
            {
                Address = Address,
            };
    }

    /// <summary>The state of one message that is being published.</summary>
    private struct Round
    {
        public byte[] Head;
        public PublishedPosition? Position;
        public int Buffered;
        public int Failed;
        public List<Link>? Waiting;
        public GivingFailures Failures;
    }
}
