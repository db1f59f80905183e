using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>One message to many, each by its own policy.</content>
public sealed partial class Publisher
{
    private FanOut _fanOut;

    /// <summary>
    /// Publishes a message. Blocks only where a subscriber with <see cref="OverflowPolicy.Wait"/> has no room, at most for
    /// <see cref="PublisherOptions.LongestWait"/>.
    /// </summary>
    /// <param name="topic">Words with dots between; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">Copied before this returns.</param>
    /// <param name="cancellationToken">Ends the wait; subscribers that had no room then miss the message.</param>
    /// <returns>For how many subscribers it was buffered.</returns>
    /// <exception cref="ArgumentException">The topic is none.</exception>
    /// <exception cref="FairleadException">
    /// Full: this publisher was told <see cref="OverflowPolicy.Fail"/>, and a subscriber has no room; the others have got the message.
    /// </exception>
    public int Publish(string topic, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Round round = Start(topic, message, mayWait: true);
        if (round.Waiting is { } waiting)
        {
            Deadline deadline = Deadline.After(_longestWait, Core.Settings.Time);
            AwaitRoom(waiting, ref round, message, deadline, cancellationToken);
            for (int i = 0; i < waiting.Count; i++)
            {
                round.Buffered += WaitFor(round, i, message, deadline, cancellationToken) ? 1 : 0;
            }
        }

        return End(round);
    }

    /// <summary>
    /// Publishes a message. Completes at once, except where a subscriber with <see cref="OverflowPolicy.Wait"/> has no room; then when it
    /// has, at most after <see cref="PublisherOptions.LongestWait"/>.
    /// </summary>
    /// <param name="topic">Words with dots between; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">Must stay as it is until completion.</param>
    /// <param name="cancellationToken">Ends the wait; subscribers that had no room then miss the message.</param>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    public ValueTask<int> PublishAsync(string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        Round round = Start(topic, message.Span, mayWait: false);
        return round.Waiting is null ? new ValueTask<int>(End(round)) : FinishAsync(round, message, cancellationToken);
    }

    /// <summary>Publishes a message, like the overload that takes memory.</summary>
    /// <param name="topic">Words with dots between; see <see cref="TopicFilter"/>.</param>
    /// <param name="message">Copied before this returns, where it must wait.</param>
    /// <param name="cancellationToken">Ends the wait; subscribers that had no room then miss the message.</param>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<int> PublishAsync(string topic, ReadOnlySpan<byte> message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        Round round = Start(topic, message, mayWait: false);
        return round.Waiting is null ? new ValueTask<int>(End(round)) : FinishAsync(round, message.ToArray(), cancellationToken);
    }

    /// <summary>Publishes several buffers as one message. They are joined in a copy.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public int Publish(string topic, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        new Outbox(Core).CheckLength(message);
        using Joined whole = new(message);
        return Publish(topic, whole.Span, cancellationToken);
    }

    /// <summary>Publishes several buffers as one message. They are joined in a copy before this returns.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, CancellationToken)" path="/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public ValueTask<int> PublishAsync(
        string topic, in ReadOnlySequence<byte> message, CancellationToken cancellationToken = default)
    {
        new Outbox(Core).CheckLength(message);
        using Joined whole = new(message);
        return PublishAsync(topic, whole.Span, cancellationToken);
    }

    /// <summary>Gives the message to all who have room, or a policy that drops; the others are noted.</summary>
    private Round Start(string topic, ReadOnlySpan<byte> message, bool mayWait)
    {
        new Outbox(Core).ThrowIfClosing();
        Audience audience = Enter(topic, message);
        Round round = new() { Head = audience.Head };
        ulong reached = WriteOnce(audience, message, ref round);
        if (round.Buffered == audience.Links.Length)
        {
            return round;
        }

        Outbox outbox = new(Core, _fanOut.Begin());
        for (int i = 0; i < audience.Links.Length; i++)
        {
            if (!audience.IsReached(i, reached))
            {
                Link link = audience.Links[i];
                if (mayWait && link.Policy == OverflowPolicy.Wait && link.Place.Seat is { IsPassedOver: true, IsCorrupt: false })
                {
                    // Rather than that it leaves, it is waited for.
                    (round.Waiting ??= []).Add(link);
                }
                else
                {
                    Give(link, outbox, topic, message, ref round);
                    Rejoin(link);
                }
            }
        }

        _fanOut.End();
        return round;
    }

    /// <summary>To one subscriber, by its connection.</summary>
    private static void Give(Link link, Outbox outbox, string topic, ReadOnlySpan<byte> message, ref Round round)
    {
        byte[] head = round.Head;
        if (!link.Sending.Takes((long)head.Length + message.Length))
        {
            // Longer than this subscriber takes; the others get it.
            link.Sending.CountMissed();
        }
        else if (link.Policy.Drops())
        {
            round.Buffered += outbox.Post(link, MessageKind.Publish, head, message, topic: topic).Outcome == LinkOutcome.Sent ? 1 : 0;
        }
        else
        {
            switch (outbox.TrySendOn(link, MessageKind.Publish, head, message))
            {
                case SendResult.Sent:
                    round.Buffered++;
                    break;
                case SendResult.Full when link.Policy == OverflowPolicy.Wait:
                    (round.Waiting ??= []).Add(link);
                    break;
                case SendResult.Full:
                    link.Sending.CountMissed();
                    round.Failed++;
                    break;
            }
        }
    }

    private bool WaitFor(in Round round, int index, ReadOnlySpan<byte> message, Deadline deadline, CancellationToken cancellationToken)
    {
        List<Link> waiting = round.Waiting!;
        try
        {
            return WasBuffered(
                waiting[index],
                new Outbox(Core).CallOn(
                    waiting[index], MessageHeader.Of(MessageKind.Publish), round.Head, message, deadline, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            foreach (Link link in waiting.Skip(index))
            {
                link.Sending.CountMissed();
            }

            throw;
        }
    }

    private async ValueTask<int> FinishAsync(Round round, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        Outbox outbox = new(Core);
        List<Link> waiting = round.Waiting!;
        Task<LinkResult>[] calls = new Task<LinkResult>[waiting.Count];
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i] = CallAsync(outbox, waiting[i], round.Head, message, cancellationToken);
        }

        // All are waited for, whatever becomes of one: the message is the caller's until the last has let go of it.
        ExceptionDispatchInfo? failed = null;
        for (int i = 0; i < calls.Length; i++)
        {
            try
            {
                LinkResult result = await calls[i].ConfigureAwait(false);
                round.Buffered += WasBuffered(waiting[i], result) ? 1 : 0;
            }
            catch (Exception exception)
            {
                waiting[i].Sending.CountMissed();
                failed ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        failed?.Throw();
        return End(round);
    }

    /// <summary>An error that comes at once is the task's, too.</summary>
    private async Task<LinkResult> CallAsync(
        Outbox outbox, Link link, byte[] head, ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        await outbox
            .CallOnAsync(link, MessageHeader.Of(MessageKind.Publish), head, default, message, _longestWait, cancellationToken)
            .ConfigureAwait(false);

    /// <summary>What became of a message for a subscriber that was waited for.</summary>
    private bool WasBuffered(Link link, in LinkResult result)
    {
        switch (result.Outcome)
        {
            case LinkOutcome.Sent:
                return true;
            case LinkOutcome.TimedOut:
                link.Sending.CountMissed();
                link.Kill(
                    CloseReason.SlowConsumer, $"it asked the publisher to wait, and had no room for {_longestWait.TotalSeconds:0.###} s");
                return false;
            default:
                return false;
        }
    }

    private int End(in Round round) => round.Failed == 0
        ? round.Buffered
        : throw new FairleadException(
            ErrorCode.Full,
            $"{round.Failed} of {round.Failed + round.Buffered} subscribers had no room for the message",
            "The others have got it. Publish less, or choose another ?full= than fail.")
        {
            Address = Address,
        };

    /// <summary>What has become of one message so far.</summary>
    private struct Round
    {
        public byte[] Head;
        public int Buffered;
        public int Failed;
        public List<Link>? Waiting;
    }
}
